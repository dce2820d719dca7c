from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
import respx

from spacedock.contract.finding import Finding
from spacedock.contract.promise import Promise
from spacedock.evidence import quiet
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.fakes import FakeDock
from tests.unit.spaces import sound_space

Hold = Callable[..., Finding]
HoldAll = Callable[..., list[Finding]]


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path)


@pytest.fixture
def hold() -> Hold:
    """Hold a Space in a fake dock to one promise."""

    def _hold(promise: str, space: Space, dock: FakeDock) -> Finding:
        with Run(space, dock) as run:
            (finding,) = run.judge([_promise(promise)])
        return finding

    return _hold


@pytest.fixture
def hold_all() -> HoldAll:
    """Hold a Space in a fake dock to several promises, one after the other in one run."""

    def _hold_all(promises: list[str], space: Space, dock: FakeDock) -> list[Finding]:
        with Run(space, dock) as run:
            return [finding for name in promises for finding in run.judge([_promise(name)])]

    return _hold_all


@pytest.fixture
def visited(monkeypatch: pytest.MonkeyPatch) -> Iterator[respx.MockRouter]:
    """A server that answers whatever every visitor asks, and has no more to write."""
    monkeypatch.setattr(quiet, "_QUIET", 0.0)
    with respx.mock(base_url="http://space.test", assert_all_called=False) as router:
        router.get(path__regex=".*", name="any").respond(200)
        yield router


def _promise(name: str) -> Promise:
    module = import_module(f"spacedock.contract.promises.{name.replace('-', '_')}")
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Promise) and value.__module__ == module.__name__
    )
    return found()
