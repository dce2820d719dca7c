from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest

from spacedock.evidence.base import Evidence
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.fakes import FakeDock
from tests.unit.spaces import sound_space

T = TypeVar("T")


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path)


def look(evidence: Evidence[T], space: Space, dock: FakeDock) -> T:
    """Gather one piece of evidence in a run of its own."""
    with Run(space, dock) as run:
        return run.look(evidence)
