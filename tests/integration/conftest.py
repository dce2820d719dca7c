"""What the integration tests share: the dock that `--dock` names, and the engine where one answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spacedock.engine import Engine
from spacedock.runs import OpenRun, open_run

HERE = Path(__file__).parent
# What boots a Space that has the port of its README: on this machine itself only one at a time can.
ON_THE_SPACES_PORT = ("app", "catalogue", "docks", "test_gate.py", "test_up.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a file to one worker, and to one alone all that would be in each other's way (`loadgroup`)."""
    shares_ports = _named(config) == "process"
    for item in items:
        part = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        together = shares_ports and part in ON_THE_SPACES_PORT
        item.add_marker(pytest.mark.xdist_group("the Space's port" if together else str(item.path)))


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
