from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import BootSpec
from spacedock.edge.base import VISITOR
from spacedock.evidence import clients
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.edges import FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "trusts-only-the-edge-for-client-address"
Who = Callable[[list[str]], str]


def left_most(addresses: list[str]) -> str:
    return addresses[0]


def right_most(addresses: list[str]) -> str:
    return addresses[-1]


def proxy(addresses: list[str]) -> str:
    return "10.16.3.7"


class Server(FakeDock):
    """A dock whose one instance logs whom it takes for its client, and counts the requests of each."""

    def __init__(self, logged: Who | None, counted: Who | None, counter: str) -> None:
        super().__init__()
        self.instance = FakeInstance(in_front=FakeEdge(self.answer))
        self._logged, self._counted, self._counter = logged, counted, counter
        self._requests: Counter[str] = Counter()

    def boot(self, spec: BootSpec) -> FakeInstance:
        return self.instance

    def answer(self, request: httpx.Request) -> httpx.Response:
        addresses = request.headers["x-forwarded-for"].split(", ")
        if self._logged:
            self.instance.log += f'INFO: {self._logged(addresses)} - "GET / HTTP/1.1" 200 OK\n'
        if self._counted is None:
            return httpx.Response(200)
        self._requests[self._counted(addresses)] += 1
        left = 30 - self._requests[self._counted(addresses)]
        return httpx.Response(200, headers={self._counter: self._said(left)})

    def _said(self, left: int) -> str:
        return f'"default";r={left};t=60' if self._counter == "RateLimit" else str(left)


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_PATIENCE", 0.0)
    monkeypatch.setattr(clients, "quiet", lambda instance: instance)


def judge(
    space: Space,
    hold: Hold,
    *,
    logged: Who | None = None,
    counted: Who | None = None,
    counter: str = "X-RateLimit-Remaining",
) -> tuple[Outcome, str]:
    finding = hold(PROMISE, space, Server(logged, counted, counter))
    return finding.outcome, "\n".join(problem.seen for problem in finding.problems)


def test_the_left_most_address_in_the_log_breaks_it(space: Space, hold: Hold) -> None:
    outcome, seen = judge(space, hold, logged=left_most)
    assert outcome is Outcome.BROKEN
    assert "INFO: 203.0.113." in seen
    assert f"and not {VISITOR}" in seen


@pytest.mark.parametrize("logged", [right_most, proxy, ", ".join, None])
def test_a_log_with_another_address_the_whole_header_or_none_keeps_it(
    space: Space, hold: Hold, logged: Who | None
) -> None:
    assert judge(space, hold, logged=logged) == (Outcome.KEPT, "")


@pytest.mark.parametrize("counter", ["X-RateLimit-Remaining", "RateLimit-Remaining", "RateLimit"])
def test_a_limit_that_begins_anew_with_another_header_breaks_it(
    space: Space, hold: Hold, counter: str
) -> None:
    outcome, seen = judge(space, hold, counted=left_most, counter=counter)
    assert outcome is Outcome.BROKEN
    assert "two requests of one left 29 and 28, then one of another 29" in seen


def test_a_limit_of_each_visitors_own_keeps_it(space: Space, hold: Hold) -> None:
    assert judge(space, hold, counted=right_most) == (Outcome.KEPT, "")


def test_one_limit_for_all_who_come_through_the_edge_breaks_it(space: Space, hold: Hold) -> None:
    outcome, seen = judge(space, hold, counted=proxy)
    assert outcome is Outcome.BROKEN
    assert seen == (
        "the rate limit of / is one for all visitors: two requests of one left 29 and 28, and the first one "
        "of another 26"
    )


def test_a_limit_that_is_used_up_says_nothing(
    space: Space, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "_said", lambda self, left: "0")
    assert judge(space, hold, counted=proxy) == (Outcome.KEPT, "")


def test_the_addresses_are_for_documentation_and_new_each_time() -> None:
    first, second = clients.made_up()
    assert first != second
    assert {address.rpartition(".")[0] for address in (first, second)} == {"203.0.113"}


def test_a_space_that_hangs_up_shows_nobody(space: Space, hold: Hold) -> None:
    def resets(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    dock = FakeDock(otherwise=FakeInstance(in_front=FakeEdge(resets)))
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT


@pytest.mark.parametrize("header", ["RateLimit", "X-RateLimit-Remaining"])
def test_a_counter_of_thousands_of_digits_is_none(space: Space, hold: Hold, header: str) -> None:
    class Liar(Server):
        def _said(self, left: int) -> str:
            return f"r={'9' * 5000}" if header == "RateLimit" else "9" * 5000

    assert hold(PROMISE, space, Liar(right_most, left_most, header)).outcome is Outcome.KEPT


REQUESTS = '[[requests]]\npath = "/api/ask"\nmethod = "POST"\n'


class Strict(Server):
    """One that says nothing of its limit, and turns away who has asked ten times."""

    most = 10

    def answer(self, request: httpx.Request) -> httpx.Response:
        who = right_most if self._counted is None else self._counted
        client = who(request.headers["x-forwarded-for"].split(", "))
        if request.url.path == "/api/ask":
            self._requests[client] += 1
        return httpx.Response(429 if self._requests[client] > self.most else 200)


class FillsUp(Strict):
    """One that gives a visitor another try by and by."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        reply = super().answer(request)
        if reply.status_code == 429:
            self._requests.clear()
        return reply


def until_limited(tmp_path: Path, hold: Hold, dock: FakeDock) -> list[str]:
    space = sound_space(tmp_path / "limited", manifest=SOUND_MANIFEST + REQUESTS)
    return [problem.seen for problem in hold(PROMISE, space, dock).problems]


def test_a_limit_that_bites_late_and_begins_anew_breaks_it(tmp_path: Path, hold: Hold) -> None:
    (seen,) = until_limited(tmp_path, hold, Strict(None, left_most, ""))
    assert seen.startswith(
        "POST /api/ask turns a visitor away (429) after 10 requests, and serves the same one"
    )


@pytest.mark.parametrize("counted", [right_most, proxy])
def test_a_limit_that_bites_late_and_holds_keeps_it(tmp_path: Path, hold: Hold, counted: Who) -> None:
    assert until_limited(tmp_path, hold, Strict(None, counted, "")) == []


def test_a_limit_that_fills_up_again_keeps_it(tmp_path: Path, hold: Hold) -> None:
    assert until_limited(tmp_path, hold, FillsUp(None, right_most, "")) == []


def test_without_a_limit_there_is_an_end(tmp_path: Path, hold: Hold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Strict, "most", 10**6)
    dock = Strict(None, left_most, "")
    assert until_limited(tmp_path, hold, dock) == []
    assert 0 < sum(dock._requests.values()) <= 70
