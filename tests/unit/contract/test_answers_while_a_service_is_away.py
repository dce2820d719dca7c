from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Level
from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.evidence import away
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.contract.docks import BreakableDock
from tests.unit.evidence.servers import OK, Server, Visit
from tests.unit.fakes import FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "answers-while-a-service-is-away"
RUNNING, STARTED = "with_services_that_can_be_broken", "while_every_service_refuses"
BOOTS = [name.replace("_", " ") for name in (RUNNING, STARTED)]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(away, "BUDGET", 0.05)
    monkeypatch.setattr(away, "_PAUSE", 0.0)


def ask(space: Space, hold: Hold, dock: BreakableDock, answer: Callable[[str], httpx.Response]) -> Finding:
    """Hold a Space to it that answers as `answer` says for what Postgres does at that moment."""

    def answered(_request: httpx.Request) -> httpx.Response:
        return answer(dock.bay("with services that can be broken").broken_now.get("postgres", "pass"))

    with respx.mock(base_url="http://space.test") as server:
        server.get("/").mock(side_effect=answered)
        return hold(PROMISE, space, dock)


class Dying(BreakableDock):
    """A dock whose instance that is `running` can be ended."""

    def boot(self, spec: BootSpec) -> FakeInstance:
        instance = super().boot(spec)
        if spec.purpose == BOOTS[0]:
            self.running = instance
            instance.log = "its last words"
        return instance


def fine(_postgres: str) -> httpx.Response:
    return httpx.Response(200)


def test_a_space_that_answers_whatever_is_away_keeps_it(space: Space, hold: Hold) -> None:
    dock = BreakableDock()
    assert ask(space, hold, dock, fine).outcome is Outcome.KEPT
    assert [bay.broken_now for bay in map(dock.bay, BOOTS)] == [{}, {"postgres": "refuse"}]
    assert {spec.environment for spec in dock.booted} == {(), *(bay.environment for bay in dock.bays)}


def test_any_answer_will_do_while_a_service_hangs(space: Space, hold: Hold) -> None:
    def unwell(postgres: str) -> httpx.Response:
        return httpx.Response(503 if postgres == "hang" else 200)

    assert ask(space, hold, BreakableDock(), unwell).outcome is Outcome.KEPT


def test_a_bare_error_while_a_service_hangs_breaks_it(space: Space, hold: Hold) -> None:
    def unhandled(postgres: str) -> httpx.Response:
        return httpx.Response(500 if postgres == "hang" else 200)

    finding = ask(space, hold, BreakableDock(), unhandled)
    assert [problem.seen for problem in finding.problems] == [
        "GET / answered 200; while postgres hangs it answers 500"
    ]


def test_a_ready_path_that_fails_anyway_is_another_promises_business(space: Space, hold: Hold) -> None:
    finding = ask(space, hold, BreakableDock(), lambda _: httpx.Response(500))
    assert finding.outcome is Outcome.KEPT


def test_a_ready_path_that_waits_for_a_service_breaks_it(space: Space, hold: Hold) -> None:
    def waits(postgres: str) -> httpx.Response:
        if postgres == "hang":
            raise httpx.ReadTimeout("too late")
        return httpx.Response(200)

    finding = ask(space, hold, BreakableDock(), waits)
    assert [problem.seen for problem in finding.problems] == [
        "GET / is not answered within 0 s while postgres hangs"
    ]


def test_what_never_ends_is_answered_all_the_same(space: Space, hold: Hold) -> None:
    def endless(visit: Visit) -> None:
        visit.request()
        visit.say(OK, b"\r\n")
        visit.drip(b".")

    with Server(endless) as server:
        finding = hold(PROMISE, space, BreakableDock(otherwise=FakeInstance(url=server.url)))
    assert finding.outcome is Outcome.KEPT


def test_a_redirect_to_another_host_is_an_answer(space: Space, hold: Hold) -> None:
    def leads_away(_postgres: str) -> httpx.Response:
        return httpx.Response(307, headers={"location": "https://elsewhere.example/"})

    assert ask(space, hold, BreakableDock(), leads_away).outcome is Outcome.KEPT


def test_a_space_that_ends_while_a_service_hangs_breaks_it(space: Space, hold: Hold) -> None:
    def dies(postgres: str) -> httpx.Response:
        if postgres == "hang":
            dock.running.gone = True
        if dock.running.gone:
            raise httpx.ReadError("reset")
        return httpx.Response(200)

    dock = Dying()
    finding = ask(space, hold, dock, dies)
    assert [problem.seen for problem in finding.problems] == [
        "GET / is not answered within 0 s while postgres hangs",
        "GET / answered 200 before postgres hung; 0 s after it was mended it does not answer",
    ]
    assert finding.problems[0].log == "its last words"


def test_a_space_that_does_not_get_well_again_breaks_it(space: Space, hold: Hold) -> None:
    hung: list[str] = []

    def lost(postgres: str) -> httpx.Response:
        hung.extend([postgres] if postgres == "hang" else [])
        return httpx.Response(503 if hung else 200)

    (problem,) = ask(space, hold, BreakableDock(), lost).problems
    assert "answered 200 before postgres hung" in problem.seen
    assert problem.seen.endswith("after it was mended it answers 503")


def test_a_boot_that_fails_while_services_refuse_breaks_it(space: Space, hold: Hold) -> None:
    dock = BreakableDock(**{STARTED: FakeInstance(boot=exited(3), log="connection refused")})
    (problem,) = ask(space, hold, dock, fine).problems
    assert "while every service refuses connections it does not boot: exited with code 3" in problem.seen
    assert problem.log == "connection refused"


def test_a_space_that_does_not_boot_behind_the_proxies_is_not_judged(space: Space, hold: Hold) -> None:
    dock = BreakableDock(**{RUNNING: FakeInstance(boot=exited(3))})
    with respx.mock():
        assert hold(PROMISE, space, dock).outcome is Outcome.BLOCKED


def test_a_space_without_services_is_not_asked(tmp_path: Any, hold: Hold) -> None:
    space = sound_space(tmp_path / "other", manifest="[secrets]\nTOKEN = {}\n")
    dock = BreakableDock()
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_ASKED
    assert dock.booted == []


def test_a_dock_without_services_cannot_show_it(space: Space, hold: Hold) -> None:
    dock = BreakableDock(capabilities=frozenset(Capability) - {Capability.SERVICES})
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_PROVEN


def test_it_is_good_practice_and_no_more(space: Space, hold: Hold) -> None:
    assert ask(space, hold, BreakableDock(), fine).promise.level is Level.SHOULD
