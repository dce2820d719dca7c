"""Which dock is taken when."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.docks.choose import choose
from spacedock.engine import Engine
from spacedock.errors import NoConsentError
from spacedock.options import TRUST
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
    assert choose(asked, space, OpenRun("0", tmp_path), silent, trusted=True).name == taken


@pytest.mark.parametrize(
    "manifest", ["", '[space]\nid = "a/b"\n[dock]\nvariables = { SPACEDOCK_TRUST = "1" }\n']
)
def test_without_the_users_word_auto_is_no_process_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str
) -> None:
    monkeypatch.setattr(Engine, "answers", staticmethod(lambda: False))
    space = space_of(tmp_path, "", port=8080, manifest=manifest)
    with pytest.raises(NoConsentError) as told:
        choose("auto", space, OpenRun("0", tmp_path), silent)
    assert "--trust" in told.value.remedy
    assert "in no container" in told.value.remedy


@pytest.mark.parametrize(
    ("asked", "variable", "given"),
    [(False, None, False), (True, None, True), (False, "1", True), (False, "", False), (False, "0", False)],
)
def test_the_user_agrees_by_the_flag_or_the_environment(
    monkeypatch: pytest.MonkeyPatch, asked: bool, variable: str | None, given: bool
) -> None:
    monkeypatch.delenv("SPACEDOCK_TRUST", raising=False)
    if variable is not None:
        monkeypatch.setenv("SPACEDOCK_TRUST", variable)
    assert TRUST.given(asked) is given
