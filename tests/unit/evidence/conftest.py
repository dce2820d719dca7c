from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.space import Space
from tests.unit.spaces import sound_space


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path)
