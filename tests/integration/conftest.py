"""What the integration tests share: the dock that `--dock` names, and the engine where one answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from spacedock.contract.berths import Berths
from spacedock.contract.examine import all_promises, examine, start_ahead
from spacedock.docks.choose import choose
from spacedock.engine import Engine
from spacedock.progress import silent
from spacedock.runs import Run, open_run
from spacedock.space import Space
from spacedock.verdict.model import Verdict, digest

Hold = Callable[[Space], Verdict]


@pytest.fixture(scope="session")
def dock_name(request: pytest.FixtureRequest) -> str:
    """The dock in which this session's Spaces are boarded: image or process."""
    name: str = request.config.getoption("--dock")
    if name != "auto":
        return name
    return "image" if Engine.answers() else "process"


@pytest.fixture
def needs_image_dock(dock_name: str) -> None:
    """Skip where Spaces are boarded in the process dock, and say how it is run."""
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")


@pytest.fixture(scope="module")
def run(dock_name: str) -> Iterator[Run]:
    """A run in which a module boards Spaces of its own in the image dock; elsewhere it is skipped."""
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")
    with open_run() as opened:
        yield opened


@pytest.fixture
def hold(dock_name: str) -> Hold:
    """Hold a Space to every promise in a dock of its own."""

    def _hold(space: Space) -> Verdict:
        promises = all_promises()
        with (
            open_run() as run,
            choose(dock_name, space, run, silent) as dock,
            Berths(dock) as berths,
        ):
            start_ahead(promises, space, berths)
            findings = tuple(examine(promise, space, berths) for promise in promises)
            return Verdict(space.manifest.space.id, digest(space), dock.name, dock.header, findings, 0.0)

    return _hold
