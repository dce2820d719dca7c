"""Which dock is taken when."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.docks.choose import choose
from spacedock.engine import Engine
from spacedock.progress import silent
from spacedock.runs import OpenRun
from tests.unit.docks.servers import space_of


@pytest.mark.parametrize(
    ("asked", "answers", "taken"),
    [
        ("auto", True, "image"),
        ("auto", False, "process"),
        ("image", False, "image"),
        ("process", True, "process"),
    ],
)
def test_auto_is_the_image_dock_where_an_engine_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, answers: bool, taken: str
) -> None:
    monkeypatch.setattr(Engine, "answers", staticmethod(lambda: answers))
    space = space_of(tmp_path, "", port=8080)
    assert choose(asked, space, OpenRun("0", tmp_path), silent).name == taken
