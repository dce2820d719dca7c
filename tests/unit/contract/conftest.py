from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spacedock.contract.base import Finding
from spacedock.contract.examine import chosen, examine
from spacedock.contract.instances import Instances
from spacedock.space import Space
from tests.unit.fakes import FakeDock
from tests.unit.spaces import sound_space

Hold = Callable[..., Finding]


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path)


@pytest.fixture
def hold() -> Hold:
    """Hold a Space in a fake dock to one promise."""

    def _hold(promise: str, space: Space, dock: FakeDock) -> Finding:
        (found,) = chosen([promise])
        with Instances(dock) as instances:
            return examine(found, space, instances)

    return _hold
