from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.hostile.linter import Linter
from tests.unit.spaces import write_space


@pytest.fixture(scope="session")
def lint() -> Iterator[Linter]:
    with Linter() as linter:
        yield linter


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return write_space(tmp_path / "space")
