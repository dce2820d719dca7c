from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Level
from spacedock.docks.capability import Capability
from spacedock.space import Space
from tests.unit.answers import BreaksOff
from tests.unit.contract.conftest import Hold
from tests.unit.contract.docks import BreakableDock
from tests.unit.fakes import FakeInstance, exited
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "outlives-a-nap-of-its-database"
DEPLOYED, NAPPING = "http://deployed.test", "http://napping.test"
REQUESTS = '[[requests]]\npath = "/notes"\n[[requests]]\npath = "/notes/one"\nmethod = "PUT"\nbody = "a"\n'

Answer = Callable[[str, str], httpx.Response]


@pytest.fixture
def asked(tmp_path: Path) -> Space:
    return sound_space(tmp_path, manifest=SOUND_MANIFEST + REQUESTS)


def fine(_database: str, _method: str) -> httpx.Response:
    return httpx.Response(200)


def failing_when(kind: str, method: str = "GET") -> Answer:
    """Answer well unless the database does that and this method is used."""

    def answer(database: str, asked_with: str) -> httpx.Response:
        return httpx.Response(500 if (database, asked_with) == (kind, method) else 200, text="an answer")

    return answer


def dock() -> BreakableDock:
    return BreakableDock(
        as_deployed=FakeInstance(url=DEPLOYED),
        on_a_database_that_naps=FakeInstance(url=NAPPING, log="a traceback"),
    )


def ask(space: Space, hold: Hold, given: BreakableDock, answer: Answer) -> Finding:
    """Hold a Space to it that answers as `answer` says for what the database does at that moment."""

    def answered(request: httpx.Request) -> httpx.Response:
        (bay,) = given.bays
        database = next(iter(bay.broken_now.values()), "pass")
        return answer(database, request.method)

    with respx.mock(assert_all_called=False) as server:
        server.route(host="deployed.test").respond(200)
        server.route(host="napping.test").mock(side_effect=answered)
        return hold(PROMISE, space, given)


def test_a_space_that_answers_all_along_keeps_it(asked: Space, hold: Hold) -> None:
    met: list[tuple[str, str]] = []

    def seen(database: str, method: str) -> httpx.Response:
        met.append((database, method))
        return httpx.Response(200)

    given = dock()
    assert ask(asked, hold, given, seen).outcome is Outcome.KEPT
    assert given.booted[-1].environment == given.bays[0].environment
    assert met[:4] == [("pass", "GET"), ("pass", "PUT"), ("close", "GET"), ("close", "PUT")]
    assert set(met[4:]) == {("cold", "GET"), ("cold", "PUT")}


@pytest.mark.parametrize(("method", "path"), [("GET", "/notes"), ("PUT", "/notes/one")])
def test_one_request_lost_with_the_connections_breaks_it(
    asked: Space, hold: Hold, method: str, path: str
) -> None:
    (problem,) = ask(asked, hold, dock(), failing_when("close", method)).problems
    assert problem.seen == (
        "as the first one after a pause, in which postgres closed its connections, "
        f"{method} {path} answers 500: an answer"
    )
    assert problem.log == "a traceback"


@pytest.mark.parametrize(("method", "path"), [("GET", "/notes"), ("PUT", "/notes/one")])
def test_one_that_does_not_wait_for_the_database_breaks_it(
    asked: Space, hold: Hold, method: str, path: str
) -> None:
    (problem,) = ask(asked, hold, dock(), failing_when("cold", method)).problems
    assert problem.seen == (
        f"while postgres takes 5 s to accept a connection, {method} {path} answers 500: an answer"
    )


def test_what_is_lost_with_the_connections_is_told_once(asked: Space, hold: Hold) -> None:
    def lost(database: str, _method: str) -> httpx.Response:
        return httpx.Response(500 if database in {"close", "cold"} else 200)

    (problem,) = ask(asked, hold, dock(), lost).problems
    assert problem.seen.startswith("as the first one after a pause")


@pytest.mark.parametrize(
    ("kind", "when"), [("close", "as the first one after a pause"), ("cold", "while postgres takes 5 s")]
)
def test_a_connection_that_is_reset_breaks_it(asked: Space, hold: Hold, kind: str, when: str) -> None:
    def reset(database: str, _method: str) -> httpx.Response:
        if database == kind:
            raise httpx.ReadError("reset")
        return httpx.Response(200)

    (problem,) = ask(asked, hold, dock(), reset).problems
    assert problem.seen.startswith(when)
    assert problem.seen.endswith("GET /notes is not answered: ReadError reset")


def test_an_answer_that_breaks_off_breaks_it(asked: Space, hold: Hold) -> None:
    def half(database: str, _method: str) -> httpx.Response:
        return httpx.Response(200, stream=BreaksOff(b"half")) if database == "close" else httpx.Response(200)

    (problem,) = ask(asked, hold, dock(), half).problems
    assert problem.seen.endswith("GET /notes answers 200 and breaks off (ReadError reset): half")


def test_a_space_that_ends_with_its_connections_breaks_it(asked: Space, hold: Hold) -> None:
    def ended(database: str, _method: str) -> httpx.Response:
        if database == "close":
            raise httpx.ConnectError("refused")
        return httpx.Response(200)

    given = dock().when("on a database that naps", FakeInstance(url=NAPPING, gone=True, log="it ends"))
    (problem,) = ask(asked, hold, given, ended).problems
    assert problem.log == "it ends"


def test_a_redirect_to_another_host_is_an_answer(asked: Space, hold: Hold) -> None:
    away = httpx.Response(307, headers={"location": "https://elsewhere.example/"})
    assert ask(asked, hold, dock(), lambda *_: away).outcome is Outcome.KEPT


def test_a_refusal_is_an_answer(asked: Space, hold: Hold) -> None:
    assert ask(asked, hold, dock(), lambda *_: httpx.Response(401)).outcome is Outcome.KEPT


def test_a_pooler_may_nap_as_well(tmp_path: Path, hold: Hold) -> None:
    manifest = SOUND_MANIFEST.replace("postgres.url", "pgbouncer.url") + REQUESTS
    space = sound_space(tmp_path, manifest=manifest)
    (problem,) = ask(space, hold, dock(), failing_when("close")).problems
    assert "pgbouncer closed its connections" in problem.seen


def test_a_space_whose_requests_fail_anyway_breaks_another_promise(asked: Space, hold: Hold) -> None:
    given = dock()
    with respx.mock(assert_all_called=False) as server:
        server.route().respond(500)
        finding = hold(PROMISE, asked, given)
    assert finding.outcome is Outcome.BLOCKED
    assert not given.bays[0].broken_now


def test_a_space_that_does_not_boot_as_deployed_is_not_booted_for_it(asked: Space, hold: Hold) -> None:
    given = dock().when("as deployed", FakeInstance(boot=exited(3)))
    assert ask(asked, hold, given, fine).outcome is Outcome.BLOCKED
    assert [spec.purpose for spec in given.booted] == ["as deployed"]


def test_a_space_that_fails_behind_a_proxy_is_not_judged(asked: Space, hold: Hold) -> None:
    finding = ask(asked, hold, dock(), failing_when("pass"))
    assert finding.outcome is Outcome.BLOCKED
    assert "GET /notes answers 500" in finding.detail


def test_a_space_that_does_not_boot_behind_a_proxy_is_not_judged(asked: Space, hold: Hold) -> None:
    given = dock().when("on a database that naps", FakeInstance(boot=exited(3)))
    assert ask(asked, hold, given, fine).outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (SOUND_MANIFEST, "names no [[requests]]"),
        (SOUND_MANIFEST.replace("postgres.url", "qdrant.url") + REQUESTS, "names no database"),
    ],
)
def test_a_space_without_a_database_or_requests_is_not_asked(
    tmp_path: Path, hold: Hold, manifest: str, why: str
) -> None:
    given = dock()
    finding = hold(PROMISE, sound_space(tmp_path, manifest=manifest), given)
    assert finding.outcome is Outcome.NOT_ASKED
    assert why in finding.detail
    assert given.booted == []


def test_a_dock_without_services_cannot_show_it(asked: Space, hold: Hold) -> None:
    given = BreakableDock(capabilities=frozenset(Capability) - {Capability.SERVICES})
    assert hold(PROMISE, asked, given).outcome is Outcome.NOT_PROVEN


def test_it_is_good_practice_and_no_more(asked: Space, hold: Hold) -> None:
    assert ask(asked, hold, dock(), fine).promise.level is Level.SHOULD
