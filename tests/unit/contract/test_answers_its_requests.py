from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
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
        router.get("/api/notes", name="read").respond(200)
        router.post("/api/notes", name="write").respond(201)
        yield router


def test_a_space_that_answers_each_keeps_it(asked: Space, hold: Hold, server: respx.MockRouter) -> None:
    assert hold(PROMISE, asked, FakeDock()).outcome is Outcome.KEPT
    assert server["read"].called
    assert server["write"].called


def test_a_refusal_is_no_failure(asked: Space, hold: Hold, server: respx.MockRouter) -> None:
    server["write"].respond(401)
    assert hold(PROMISE, asked, FakeDock()).outcome is Outcome.KEPT


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


def test_a_manifest_without_requests_asks_nothing(space: Space, hold: Hold, server: respx.MockRouter) -> None:
    finding = hold(PROMISE, space, FakeDock())
    assert (finding.outcome, finding.detail) == (Outcome.NOT_ASKED, "the manifest names no [[requests]]")
    assert not server.calls


def test_a_space_that_does_not_boot_is_not_asked(asked: Space, hold: Hold, server: respx.MockRouter) -> None:
    assert hold(PROMISE, asked, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED
    assert not server.calls
