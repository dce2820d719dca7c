from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Finding, Outcome
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.contract.misbehaving import MISBEHAVIOURS, misbehaves
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "keeps-secrets-out-of-logs"
CANARY = "c4n4ry-7f3a"


def dock(log: str = "") -> FakeDock:
    return FakeDock(canaries={"API_KEY": (CANARY,)}, otherwise=FakeInstance(log=log))


def ask(space: Space, hold: Hold, dock: FakeDock, body: str = "{}") -> Finding:
    with respx.mock(base_url="http://space.test", assert_all_called=False) as server:
        server.get(path__regex=".*").mock(return_value=httpx.Response(200, text=body))
        return hold(PROMISE, space, dock)


def test_a_silent_space_keeps_it(space: Space, hold: Hold) -> None:
    assert ask(space, hold, dock("started\n")).outcome is Outcome.KEPT


def test_a_secret_in_the_log_breaks_it(space: Space, hold: Hold) -> None:
    finding = ask(space, hold, dock(f"key={CANARY}\n"))
    assert finding.outcome is Outcome.BROKEN
    assert "the value of API_KEY is in the log (as deployed)" in finding.problems[0].seen


def test_a_secret_in_an_answer_breaks_it(space: Space, hold: Hold) -> None:
    finding = ask(space, hold, dock(), body=f"no route for {CANARY}")
    assert "the value of API_KEY is in the answer to GET /" in finding.problems[0].seen


def test_a_secret_in_the_words_of_a_failed_start_breaks_it(space: Space, hold: Hold) -> None:
    shouting = FakeInstance(boot=exited(1), log=f"DATABASE_URL missing, API_KEY={CANARY}")
    finding = ask(space, hold, dock().when("without DATABASE_URL", shouting))
    assert [problem.seen for problem in finding.problems] == [
        "the value of API_KEY is in the log (without DATABASE_URL)"
    ]


def test_a_secret_in_the_words_of_a_crash_is_found_though_nothing_else_can_be(
    space: Space, hold: Hold
) -> None:
    crash = FakeInstance(boot=exited(1), log=f"{CANARY}")
    assert ask(space, hold, dock().when("as deployed", crash)).outcome is Outcome.BROKEN


@pytest.mark.parametrize("log", [f"key={CANARY}\n", f"Traceback\n  {CANARY}\n"])
def test_the_problem_itself_does_not_repeat_the_secret(space: Space, hold: Hold, log: str) -> None:
    (problem, *_) = ask(space, hold, dock(log)).problems
    assert CANARY not in problem.log
    assert "[API_KEY]" in problem.log


def test_without_secrets_there_is_nothing_to_keep(tmp_path: Path, hold: Hold) -> None:
    assert hold(PROMISE, sound_space(tmp_path, manifest=""), dock()).outcome is Outcome.NOT_ASKED


@pytest.mark.parametrize("how", MISBEHAVIOURS)
def test_however_it_answers_its_log_is_read(
    space: Space, hold: Hold, visited: respx.MockRouter, how: str
) -> None:
    misbehaves(visited, how)
    assert hold(PROMISE, space, dock()).outcome is Outcome.KEPT
    assert hold(PROMISE, space, dock(CANARY)).problems[0].seen.endswith("is in the log (as deployed)")


def test_a_secret_in_where_it_sends_visitors_breaks_it(
    space: Space, hold: Hold, visited: respx.MockRouter
) -> None:
    elsewhere = f"https://other.example/?token={CANARY}"
    visited["any"].respond(302, headers={"location": elsewhere})
    assert "is in the answer to GET /" in hold(PROMISE, space, dock()).problems[0].seen


def test_one_that_ends_by_being_asked_has_not_kept_it(
    space: Space, hold: Hold, visited: respx.MockRouter
) -> None:
    misbehaves(visited, "resets")
    ended = FakeDock(canaries={"API_KEY": (CANARY,)}, otherwise=FakeInstance(gone=True))
    assert hold(PROMISE, space, ended).outcome is Outcome.BLOCKED
