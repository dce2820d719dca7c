from __future__ import annotations

import httpx
import pytest
import respx

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Level
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock

PROMISE = "answers-head"


def ask(space: Space, hold: Hold, get: int, head: int) -> Finding:
    with respx.mock(base_url="http://space.test") as server:
        server.get("/").mock(return_value=httpx.Response(get))
        server.head("/").mock(return_value=httpx.Response(head))
        finding: Finding = hold(PROMISE, space, FakeDock())
    return finding


def test_a_root_that_answers_both_keeps_it(space: Space, hold: Hold) -> None:
    assert ask(space, hold, 200, 200).outcome is Outcome.KEPT


@pytest.mark.parametrize(
    ("get", "head", "says"), [(200, 405, "HEAD / answers 405"), (404, 200, "GET / answers 404")]
)
def test_a_root_that_refuses_one_breaks_it(space: Space, hold: Hold, get: int, head: int, says: str) -> None:
    finding = ask(space, hold, get, head)
    assert [problem.seen for problem in finding.problems] == [says]


def test_it_is_good_practice_and_no_more(space: Space, hold: Hold) -> None:
    assert ask(space, hold, 200, 405).promise.level is Level.SHOULD
