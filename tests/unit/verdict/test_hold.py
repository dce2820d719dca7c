"""One verdict, however far the Space came."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.contract.registry import all_promises, chosen
from spacedock.docks import choose as docks
from spacedock.docks.conditions import Conditions, Egress
from spacedock.docks.dock import Dock
from spacedock.engine import Engine
from spacedock.errors import BuildError, SpaceBuildError, UsageError
from spacedock.progress import silent
from spacedock.run.events import Entered, Event, Found
from spacedock.verdict.hold import hold, lint
from tests.unit.fakes import FakeDock
from tests.unit.run.conftest import Says, promise
from tests.unit.spaces import SOUND_MANIFEST, write_space


class Fails(FakeDock):
    """A dock that cannot be entered."""

    def __init__(self, error: BuildError) -> None:
        super().__init__()
        self._error = error

    def __enter__(self) -> Fails:
        raise self._error


def in_dock(monkeypatch: pytest.MonkeyPatch, dock: Dock) -> list[object]:
    asked: list[object] = []

    def choose(*words: object, trusted: bool) -> Dock:
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


def test_without_the_users_word_the_verdict_is_the_static_one_and_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "answers", staticmethod(lambda: False))
    place = write_space(tmp_path)
    verdict = hold(place, "auto", all_promises(), silent)
    static = lint(place, all_promises())
    assert [found.outcome for found in verdict.findings] == [found.outcome for found in static.findings]
    assert verdict.dock == ""
    told = "\n".join(verdict.header)
    assert "no Docker engine answers" in told
    assert "`--trust` or `--dock=process`" in told


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


def test_what_files_tell_is_told_before_the_dock_is_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Event | str] = []

    class Telling(FakeDock):
        def __enter__(self) -> Telling:
            events.append("the dock is entered")
            return self

    in_dock(monkeypatch, Telling())
    place = write_space(tmp_path)
    (place / ".env").write_text("API_KEY=x")
    hold(place, "auto", chosen(["starts-without-env-file", "runs-as-uid-1000"]), silent, listen=events.append)
    order = [_short(each) for each in events if isinstance(each, str | Found | Entered)]
    assert order[:4] == [
        "ahead: starts-without-env-file broken",
        "ahead: runs-as-uid-1000 not proven here",
        "the dock is entered",
        "fake is open",
    ]
    assert sorted(order[4:]) == ["found: runs-as-uid-1000 kept", "found: starts-without-env-file broken"]


def _short(event: str | Found | Entered) -> str:
    match event:
        case Found(finding, ahead):
            return f"{'ahead' if ahead else 'found'}: {finding.promise.id} {finding.outcome}"
        case Entered(dock):
            return f"{dock} is open"
        case _:
            return event


def test_what_files_alone_settle_needs_no_dock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_dock(monkeypatch, Fails(BuildError("nobody builds", remedy="look")))
    verdict = hold(write_space(tmp_path), "auto", chosen(["front-matter-is-valid"]), silent)
    assert [finding.outcome for finding in verdict.findings] == [Outcome.KEPT]


def test_files_alone_have_a_verdict_of_every_promise_and_no_dock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = in_dock(monkeypatch, FakeDock())
    verdict = lint(write_space(tmp_path), all_promises())
    assert [finding.promise.id for finding in verdict.findings] == [each.id for each in all_promises()]
    outcomes = {finding.outcome for finding in verdict.findings}
    assert outcomes == {Outcome.KEPT, Outcome.NOT_PROVEN, Outcome.NOT_ASKED}
    assert (verdict.dock, verdict.header, len(verdict.digest)) == ("", (), 64)
    assert (verdict.exit_code(), asked) == (0, [])


def test_files_alone_tell_the_same_words_of_what_is_no_space(tmp_path: Path) -> None:
    place = write_space(tmp_path, readme="# Text\n")
    promises = all_promises()
    assert lint(place, promises) == hold(place, "image", promises, silent)


def test_a_defect_of_ours_is_an_outcome_and_has_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_dock(monkeypatch, FakeDock(canaries={"API_KEY": ("c4n4ry",)}))
    defective = promise(Says(), raises=LookupError("no key c4n4ry"))
    verdict = hold(write_space(tmp_path), "auto", [defective, *chosen(["runs-as-uid-1000"])], silent)
    assert [finding.outcome for finding in verdict.findings] == [Outcome.ERROR, Outcome.KEPT]
    assert ": no key [API_KEY]; report it" in verdict.findings[0].detail
    assert verdict.exit_code() == 7


def test_what_is_blocked_by_requests_that_fail_is_not_said_not_to_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_dock(monkeypatch, FakeDock())
    place = write_space(tmp_path, manifest=f'{SOUND_MANIFEST}\n[[requests]]\npath = "/api"\n')
    with respx.mock(base_url="http://space.test", assert_all_called=False) as server:
        server.route().mock(return_value=httpx.Response(500, text="down"))
        verdict = hold(place, "auto", chosen(["takes-secrets-as-they-are-pasted"]), silent)
    (finding,) = verdict.findings
    assert (finding.outcome, finding.blame) == (Outcome.BLOCKED, "answers-its-requests")
    assert "GET /api answers 500: down" in finding.detail
    assert verdict.exit_code() == 1
