"""One verdict, however far the Space came."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.registry import all_promises, chosen
from spacedock.docks import choose as docks
from spacedock.docks.conditions import Conditions, Egress
from spacedock.docks.dock import Dock
from spacedock.errors import BuildError, SpaceBuildError, UsageError
from spacedock.progress import silent
from spacedock.verdict.hold import hold
from tests.unit.fakes import FakeDock
from tests.unit.spaces import write_space


class Fails(FakeDock):
    """A dock that cannot be entered."""

    def __init__(self, error: BuildError) -> None:
        super().__init__()
        self._error = error

    def __enter__(self) -> Fails:
        raise self._error


def in_dock(monkeypatch: pytest.MonkeyPatch, dock: Dock) -> list[object]:
    asked: list[object] = []

    def choose(*words: object) -> Dock:
        asked.extend(words)
        return dock

    monkeypatch.setattr(docks, "choose", choose)
    return asked


def test_a_space_that_boots_is_held_to_every_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conditions = Conditions(Egress.OPEN)
    asked = in_dock(monkeypatch, FakeDock())
    promises = chosen(["binds-app-port", "runs-as-uid-1000"])
    verdict = hold(write_space(tmp_path), "auto", promises, silent, conditions)
    assert [finding.outcome for finding in verdict.findings] == [Outcome.KEPT, Outcome.KEPT]
    assert (verdict.space, verdict.dock, len(verdict.digest)) == ("owner/name", "fake", 64)
    assert "auto" in asked
    assert conditions in asked


def test_a_space_that_does_not_build_has_a_verdict_with_the_builders_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_dock(
        monkeypatch, Fails(SpaceBuildError("the build failed", remedy="mend it", log="E: no such package"))
    )
    readme = "---\nsdk: docker\ncolorFrom: violet\n---\n"
    verdict = hold(write_space(tmp_path, readme=readme), "image", all_promises(), silent)
    broken = {
        finding.promise.id: finding for finding in verdict.findings if finding.outcome is Outcome.BROKEN
    }
    assert {"builds-from-what-is-pushed", "front-matter-is-valid"} <= set(broken)
    assert broken["builds-from-what-is-pushed"].problems[0].log == "E: no such package"
    assert verdict.exit_code() == 5


def test_a_stand_in_that_does_not_build_is_not_laid_at_the_spaces_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_dock(monkeypatch, Fails(BuildError("the stand-in failed", remedy="look")))
    with pytest.raises(BuildError, match="the stand-in failed"):
        hold(write_space(tmp_path), "image", all_promises(), silent)


def test_what_is_no_docker_space_has_a_verdict_without_a_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = in_dock(monkeypatch, FakeDock())
    verdict = hold(write_space(tmp_path, readme="# Text\n"), "image", all_promises(), silent)
    assert [f.promise.id for f in verdict.findings if f.outcome is Outcome.BROKEN] == [
        "front-matter-is-valid"
    ]
    assert verdict.exit_code() == 1
    assert asked == []


def test_a_folder_that_is_not_there_is_a_wrong_word(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        hold(tmp_path / "nowhere", "image", all_promises(), silent)
