from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from spacedock.contract.finding import Finding, Outcome
from spacedock.docks.capability import Capability
from spacedock.space import Space
from tests.unit.contract.conftest import Hold, HoldAll
from tests.unit.contract.misbehaving import MISBEHAVIOURS, misbehaves
from tests.unit.edges import Answer, FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "keeps-secrets-out-of-logs"
CANARY = "c4n4ry-7f3a"
KNOWN = {"API_KEY": (CANARY,)}
WITHOUT_EDGE = frozenset(Capability) - {Capability.EDGE}


def dock(log: str = "") -> FakeDock:
    return FakeDock(capabilities=WITHOUT_EDGE, canaries=KNOWN, otherwise=FakeInstance(log=log))


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
    ended = FakeDock(canaries=KNOWN, otherwise=FakeInstance(gone=True))
    assert hold(PROMISE, space, ended).outcome is Outcome.BLOCKED


PAGE = '<script src="/app.js"></script><a href="/about">About</a>'
DESCRIPTION: dict[str, Any] = {"paths": {"/debug": {"get": {}}, "/items/{name}": {"get": {}, "delete": {}}}}


def behind_an_edge(space: Space, hold: Hold, visited: respx.MockRouter, answer: Answer) -> list[str]:
    """Hold a Space to it whose page and description name more than every visitor asks."""

    def answers(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/":
            return httpx.Response(200, html=PAGE)
        if request.url.path == "/openapi.json":
            return httpx.Response(200, json=DESCRIPTION)
        return answer(request)

    fronted = FakeDock(canaries=KNOWN, otherwise=FakeInstance(in_front=FakeEdge(answers)))
    return [problem.seen for problem in hold(PROMISE, space, fronted).problems]


@pytest.mark.parametrize("path", ["/debug", "/items/spacedock", "/about", "/app.js"])
def test_a_secret_at_any_path_that_the_space_names_breaks_it(
    space: Space, hold: Hold, visited: respx.MockRouter, path: str
) -> None:
    def leaks(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=CANARY if request.url.path == path else "well")

    seen = behind_an_edge(space, hold, visited, leaks)
    assert seen == [f"the value of API_KEY is in the answer to GET {path}"]


def test_what_changes_something_is_not_asked_for_it(
    space: Space, hold: Hold, visited: respx.MockRouter
) -> None:
    asked: set[str] = set()

    def notes(request: httpx.Request) -> httpx.Response:
        asked.add(request.method)
        return httpx.Response(200)

    assert behind_an_edge(space, hold, visited, notes) == []
    assert asked == {"GET"}


BEARER = """
[[requests]]
path = "/me"
headers = { authorization = "Bearer $API_KEY" }
"""


def test_who_is_told_the_secret_that_they_showed_learns_nothing(
    tmp_path: Path, hold: Hold, visited: respx.MockRouter
) -> None:
    space = sound_space(tmp_path / "echo", manifest=SOUND_MANIFEST + BEARER)
    own = FakeInstance(environment={"API_KEY": CANARY})

    def echoes(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=request.headers.get("authorization", ""))

    own.in_front = FakeEdge(echoes)
    finding = hold(PROMISE, space, FakeDock(canaries=KNOWN, otherwise=own))
    assert finding.outcome is Outcome.KEPT


def test_the_log_of_every_instance_is_searched_whoever_booted_it(
    space: Space, hold_all: HoldAll, visited: respx.MockRouter
) -> None:
    known = FakeDock(capabilities=WITHOUT_EDGE, canaries=KNOWN)
    known.when("to be stopped with SIGTERM", FakeInstance(log=CANARY))
    *_, finding = hold_all(["stops-on-sigterm", PROMISE], space, known)
    assert [problem.seen for problem in finding.problems] == [
        "the value of API_KEY is in the log (to be stopped with SIGTERM)"
    ]
