from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Level
from spacedock.docks.capability import Capability
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.edges import FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "asks-who-calls"
TOKEN = "a canary"
PRIVATE = """
[origins]
refused = ["https://old.example"]
[secrets]
API_TOKEN = {}
[[requests]]
path = "/api/open"
[[requests]]
path = "/api/drafts"
method = "POST"
headers = { Authorization = "Bearer $API_TOKEN", Content-Type = "application/json" }
body = "{}"
private = true
"""
Guard = Callable[[httpx.Request], int]


def by_token(request: httpx.Request) -> int:
    return 200 if request.headers.get("authorization") == f"Bearer {TOKEN}" else 401


def by_origin(request: httpx.Request) -> int:
    """As who takes the list of origins for a lock, and a missing one for a friend."""
    return 403 if request.headers.get("origin") else 200


def by_nothing(_request: httpx.Request) -> int:
    return 200


def by_absence_of_an_origin(request: httpx.Request) -> int:
    return 200 if by_token(request) == 200 or request.headers.get("origin") else 401


def by_its_content_type(request: httpx.Request) -> int:
    """As a server that reads a body before it looks who sent it."""
    return by_token(request) if request.headers.get("content-type") == "application/json" else 415


def by_refusing_everybody(_request: httpx.Request) -> int:
    return 403


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path, manifest=PRIVATE)


class Asked:
    """A Space behind its edge that lets in as `guard` says, and remembers who came."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.requests: list[httpx.Request] = []
        self.instance = FakeInstance(in_front=FakeEdge(self.answer), environment={"API_TOKEN": TOKEN})
        self.dock = FakeDock(otherwise=self.instance)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self._guard(request), text="what nobody else may read")


def seen_of(space: Space, hold: Hold, guard: Guard) -> list[str]:
    return [problem.seen for problem in hold(PROMISE, space, Asked(guard).dock).problems]


def test_one_that_asks_for_the_token_keeps_it(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, Asked(by_token).dock)
    assert (finding.outcome, finding.promise.level) == (Outcome.KEPT, Level.MUST)


def test_one_that_asks_nobody_breaks_it_wherever_they_come_from(space: Space, hold: Hold) -> None:
    nobody = "POST /api/drafts answers 200 to somebody who does not say who they are"
    assert seen_of(space, hold, by_nothing) == [nobody, f"{nobody}, called from https://old.example"]


def test_one_that_asks_for_the_origin_only_breaks_it(space: Space, hold: Hold) -> None:
    (seen,) = seen_of(space, hold, by_origin)
    assert "called from" not in seen


def test_one_that_lets_pages_in_breaks_it(space: Space, hold: Hold) -> None:
    (seen,) = seen_of(space, hold, by_absence_of_an_origin)
    assert seen.endswith("called from https://old.example")


def test_what_says_nothing_of_who_calls_is_sent_all_the_same(space: Space, hold: Hold) -> None:
    assert seen_of(space, hold, by_its_content_type) == []


def test_one_that_refuses_everybody_proves_nothing(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, Asked(by_refusing_everybody).dock)
    (problem,) = finding.problems
    assert "answers 403" in problem.seen
    assert "with the headers that the manifest gives it" in problem.seen
    assert "[[requests]]" in problem.remedy


def test_one_that_does_not_answer_who_may_ask_breaks_it(space: Space, hold: Hold) -> None:
    def fails(request: httpx.Request) -> int:
        raise httpx.ReadError("gone", request=request)

    (seen,) = seen_of(space, hold, fails)
    assert "is not answered: ReadError gone" in seen


def test_one_that_hangs_up_on_strangers_has_not_refused_them(space: Space, hold: Hold) -> None:
    def hangs_up(request: httpx.Request) -> int:
        if by_token(request) != 200:
            raise httpx.ReadError("gone", request=request)
        return 200

    first, _ = seen_of(space, hold, hangs_up)
    assert first.startswith("POST /api/drafts is not answered")


def test_what_may_only_be_read_by_some_is_not_shown(space: Space, hold: Hold) -> None:
    assert not any("what nobody else may read" in seen for seen in seen_of(space, hold, by_nothing))


def test_who_is_not_private_is_not_asked(space: Space, hold: Hold) -> None:
    asked = Asked(by_token)
    hold(PROMISE, space, asked.dock)
    assert {request.url.path for request in asked.requests} == {"/api/drafts"}


def test_without_an_edge_the_space_is_asked_itself(space: Space, hold: Hold) -> None:
    dock = FakeDock(
        capabilities=frozenset(Capability) - {Capability.EDGE},
        otherwise=FakeInstance(environment={"API_TOKEN": TOKEN}),
    )
    with respx.mock(base_url="http://space.test") as server:
        server.post("/api/drafts").mock(side_effect=lambda request: httpx.Response(by_token(request)))
        assert hold(PROMISE, space, dock).outcome is Outcome.KEPT
        assert len(server.calls) == 3


def test_without_a_refused_origin_one_is_made_up(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest='[[requests]]\npath = "/"\nprivate = true\n')
    *_, seen = seen_of(space, hold, by_nothing)
    assert seen.endswith("called from https://somebody-else.example")


def test_a_manifest_without_a_private_request_gives_nothing_to_ask(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest='[[requests]]\npath = "/"\n')
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.NOT_ASKED


def test_a_space_that_does_not_boot_cannot_be_asked(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED


def test_one_that_sends_strangers_to_another_host_has_not_refused_them(space: Space, hold: Hold) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if by_token(request) == 200:
            return httpx.Response(200)
        return httpx.Response(302, headers={"location": "https://login.example/"})

    dock = FakeDock(otherwise=FakeInstance(in_front=FakeEdge(answer), environment={"API_TOKEN": TOKEN}))
    first, _ = hold(PROMISE, space, dock).problems
    assert first.seen == "POST /api/drafts answers 302 to somebody who does not say who they are"
    assert "login.example" not in asked
