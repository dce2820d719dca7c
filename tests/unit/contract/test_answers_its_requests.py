from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.docks.instance import Denial
from spacedock.evidence import front
from spacedock.services.faults.network import Rebuff
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.contract.docks import BreakableDock
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "answers-its-requests"
REQUESTS = """
[[requests]]
path = "/api/notes"
[[requests]]
path = "/api/notes"
method = "POST"
body = { text = "a" }
"""


@pytest.fixture
def asked(tmp_path: Path) -> Space:
    return sound_space(tmp_path, manifest=SOUND_MANIFEST + REQUESTS)


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url="http://space.test", assert_all_called=False) as router:
        router.get("/", name="root").respond(200)
        router.get("/api/notes", name="read").respond(200)
        router.post("/api/notes", name="write").respond(201)
        yield router


def test_a_space_that_answers_each_keeps_it(asked: Space, hold: Hold, server: respx.MockRouter) -> None:
    assert hold(PROMISE, asked, BreakableDock()).outcome is Outcome.KEPT
    assert server["read"].called
    assert server["write"].called


def test_a_refusal_is_no_failure(asked: Space, hold: Hold, server: respx.MockRouter) -> None:
    server["write"].respond(401)
    assert hold(PROMISE, asked, BreakableDock()).outcome is Outcome.KEPT


def test_each_that_fails_is_told_with_its_answer_and_the_log(
    asked: Space, hold: Hold, server: respx.MockRouter
) -> None:
    server["read"].respond(500, text="Internal Server Error")
    server["write"].mock(side_effect=httpx.ReadTimeout("slow"))
    finding = hold(PROMISE, asked, FakeDock(otherwise=FakeInstance(log="TypeError: proxies")))
    assert finding.outcome is Outcome.BROKEN
    assert [problem.seen for problem in finding.problems] == [
        "GET /api/notes answers 500: Internal Server Error",
        "POST /api/notes is not answered: ReadTimeout slow",
    ]
    assert {problem.log for problem in finding.problems} == {"TypeError: proxies"}


def test_one_that_only_a_crowd_breaks_is_told_as_such(
    asked: Space, hold: Hold, server: respx.MockRouter
) -> None:
    answers = iter([httpx.Response(200), *[httpx.Response(500, text="pool exhausted")] * 8])
    server["read"].side_effect = lambda _request: next(answers)
    (problem,) = hold(PROMISE, asked, FakeDock()).problems
    assert problem.seen == (
        "alone it is answered; of 8 of each request at once, GET /api/notes answers 500: pool exhausted"
    )


def test_without_requests_the_root_alone_is_asked(space: Space, hold: Hold, server: respx.MockRouter) -> None:
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT
    assert {call.request.url.path for call in server.calls} == {"/"}


@pytest.mark.parametrize("status", [200, 307, 401, 404])
def test_a_root_that_answers_anything_else_keeps_it(
    space: Space, hold: Hold, server: respx.MockRouter, status: int
) -> None:
    server["root"].respond(status)
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_root_that_fails_for_everybody_breaks_it(
    space: Space, hold: Hold, server: respx.MockRouter, status: int
) -> None:
    server["root"].respond(status, text="Oops")
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(log="killed")))
    assert [problem.seen for problem in finding.problems] == [f"GET / answers {status}: Oops"]
    assert finding.problems[0].log == "killed"
    assert finding.is_red()


def test_a_root_that_hangs_up_breaks_it(space: Space, hold: Hold, server: respx.MockRouter) -> None:
    server["root"].mock(side_effect=httpx.ReadError("reset"))
    (problem,) = hold(PROMISE, space, FakeDock()).problems
    assert problem.seen == "GET / is not answered: ReadError reset"


def test_a_root_that_loads_is_waited_for(
    space: Space, hold: Hold, server: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "_PAUSE", 0.0)
    answers = iter([httpx.Response(503), httpx.Response(503), httpx.Response(200)])
    server["root"].side_effect = lambda _request: next(answers)
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_a_root_that_never_loads_breaks_it(
    space: Space, hold: Hold, server: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "_LOADING", 0.0)
    server["root"].respond(503)
    assert [problem.seen for problem in hold(PROMISE, space, FakeDock()).problems] == ["GET / answers 503"]


def test_a_root_that_lacks_what_the_dock_alone_denies_is_not_told_as_the_platforms(
    space: Space, hold: Hold, server: respx.MockRouter
) -> None:
    server["root"].respond(500)
    denied = (
        Denial("api.example", 443, "tcp", platform=False),
        Denial("mail.example", 25, "tcp", platform=True),
    )
    (problem,) = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(denied=denied))).problems
    assert problem.seen == "GET / answers 500; it had tried api.example, which the dock alone denies"
    assert "`[egress] allow` (api.example)" in problem.remedy


def test_a_request_that_knows_no_host_breaks_it(asked: Space, hold: Hold, server: respx.MockRouter) -> None:
    server["write"].respond(400, text="Invalid host header")
    (problem,) = hold(PROMISE, asked, FakeDock()).problems
    assert problem.seen == "POST /api/notes answers 400: Invalid host header"


def test_a_space_that_does_not_boot_is_not_asked(asked: Space, hold: Hold, server: respx.MockRouter) -> None:
    assert hold(PROMISE, asked, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED
    assert not server.calls


def shrugs_off(space: Space, hold: Hold, *rebuffs: Rebuff, **environment: str) -> list[str]:
    dock = BreakableDock(otherwise=FakeInstance(environment=environment))
    dock.refused = {"postgres": rebuffs}
    return [problem.seen for problem in hold(PROMISE, space, dock).problems]


@pytest.mark.parametrize(
    "rebuff",
    [
        Rebuff("GET", "/collections", 401),
        Rebuff("POST", "/v1/chat/completions", 403),
        Rebuff("POST", "/v1/embeddings", 404),
    ],
)
def test_a_service_that_refuses_breaks_it_though_the_space_answers(
    asked: Space, hold: Hold, server: respx.MockRouter, rebuff: Rebuff
) -> None:
    assert shrugs_off(asked, hold, rebuff) == [
        f"its requests are answered although postgres refused it: {rebuff}"
    ]


@pytest.mark.parametrize(
    "rebuff",
    [
        Rebuff("GET", "/collections/notes", 404),  # whether it is there
        Rebuff("PUT", "/collections/notes", 409),  # it is there already
        Rebuff("POST", "/v1/chat/completions", 429),
        Rebuff("POST", "/collections/notes/points/query", 404),  # nobody has filled it here
    ],
)
@pytest.mark.parametrize("environment", [{}, {"QDRANT_COLLECTION": "notes"}])
def test_a_no_that_means_nothing_keeps_it(
    asked: Space, hold: Hold, server: respx.MockRouter, rebuff: Rebuff, environment: dict[str, str]
) -> None:
    assert shrugs_off(asked, hold, rebuff, **environment) == []


def test_another_collection_than_the_environment_names_breaks_it(
    asked: Space, hold: Hold, server: respx.MockRouter
) -> None:
    rebuff = Rebuff("POST", "/collections/note/points/query", 404, times=3)
    assert str(rebuff) == "POST /collections/note/points/query was answered 404 (3 times)"
    assert shrugs_off(asked, hold, rebuff, QDRANT_COLLECTION="notes") == [
        f"its requests are answered although postgres refused it: {rebuff}"
    ]
