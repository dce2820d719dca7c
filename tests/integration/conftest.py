"""What the integration tests share: the dock that `--dock` names, and the engine where one answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spacedock.engine import Engine
from spacedock.runs import OpenRun, open_run


@pytest.fixture(scope="session")
def dock_name(request: pytest.FixtureRequest) -> str:
    """The dock in which this session's Spaces are booted: image or process."""
    name: str = request.config.getoption("--dock")
    if name != "auto":
        return name
    return "image" if Engine.answers() else "process"


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
