"""What the integration tests share: the dock that `--dock` names, and the engine where one answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from spacedock.engine import Engine
from spacedock.runs import OpenRun, open_run

# What boots a Space that has the port of its README: on this machine itself only one at a time can.
ON_THE_SPACES_PORT = ("app", "catalogue", "docks", "test_gate.py", "test_up.py")


class ByFileAndPort(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Leaves each file to one worker, and in the process dock to one alone what wants the same port."""

    def __init__(self, config: pytest.Config, log: Producer, *, shares_ports: bool) -> None:
        super().__init__(config, log)
        self.shares_ports = shares_ports

    def _split_scope(self, nodeid: str) -> str:
        part = nodeid.removeprefix("tests/integration/").partition("::")[0].partition("/")[0]
        together = self.shares_ports and part in ON_THE_SPACES_PORT
        return "the Space's port" if together else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFileAndPort | None:
    """Schedule `--dist=loadfile` so; whatever else is asked for, xdist does."""
    if config.getvalue("dist") != "loadfile":
        return None
    return ByFileAndPort(config, log, shares_ports=_named(config) == "process")


def _named(config: pytest.Config) -> str:
    """Return the dock in which Spaces are booted: image or process."""
    name: str = config.getoption("--dock")
    if name != "auto":
        return name
    return "image" if Engine.answers() else "process"


@pytest.fixture(scope="session")
def dock_name(request: pytest.FixtureRequest) -> str:
    """The dock in which this session's Spaces are booted."""
    return _named(request.config)


@pytest.fixture
def needs_image_dock(dock_name: str) -> None:
    """Skip where Spaces are booted in the process dock, and say how it is run."""
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")


@pytest.fixture(scope="module")
def run(dock_name: str) -> Iterator[OpenRun]:
    """A run in which a module boots Spaces of its own in the image dock; elsewhere it is skipped."""
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")
    with open_run() as opened:
        yield opened
