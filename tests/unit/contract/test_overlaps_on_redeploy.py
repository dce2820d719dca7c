from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.evidence import lives
from spacedock.space import Space
from tests.unit.contract.conftest import Hold, HoldAll
from tests.unit.contract.docks import Crowded, Spent
from tests.unit.fakes import FakeDock, FakeInstance, exited

PROMISE = "overlaps-on-redeploy"
OLD, NEW = "http://old.test", "http://new.test"


@pytest.fixture(autouse=True)
def nothing_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lives, "hold", lambda *_, **__: None)


@pytest.fixture
def servers() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{OLD}/", name="old").respond(200)
        router.get(f"{NEW}/", name="new").respond(200)
        yield router


def dock() -> FakeDock:
    return FakeDock(as_deployed=FakeInstance(url=OLD), restarted=FakeInstance(url=NEW))


def test_two_that_answer_side_by_side_keep_it(space: Space, hold: Hold, servers: respx.MockRouter) -> None:
    given = dock()
    assert hold(PROMISE, space, given).outcome is Outcome.KEPT
    assert [order.purpose for order in given.booted] == [
        "as deployed",
        "to be stopped with SIGTERM",
        "restarted",
    ]


def test_a_space_that_does_not_boot_beside_another_breaks_it(
    space: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    crowded = Crowded()
    crowded.url = OLD
    (problem,) = hold(PROMISE, space, crowded).problems
    assert problem.seen == (
        "beside another instance of the same Space it exited with code 1 after 0.30 s; alone it boots"
    )


def test_what_another_promise_has_met_is_enough(space: Space, hold_all: HoldAll) -> None:
    alone, both = Crowded(), Crowded()
    hold_all(["binds-app-port"], space, alone)
    binds, overlaps = hold_all(["binds-app-port", PROMISE], space, both)
    assert (binds.outcome, overlaps.outcome) == (Outcome.KEPT, Outcome.BROKEN)
    assert len(both.booted) <= len(alone.booted) + 1


def test_an_old_one_that_a_new_one_silences_breaks_it(
    space: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    servers["old"].side_effect = [httpx.Response(200), httpx.Response(200), httpx.ConnectError]
    (problem,) = hold(PROMISE, space, dock()).problems
    assert problem.seen == "once a new one has booted, the one that serves gives no answer"


def test_one_that_another_ones_end_disturbs_breaks_it(
    space: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    servers["old"].side_effect = [httpx.Response(200), httpx.Response(500), httpx.Response(500)]
    (problem,) = hold(PROMISE, space, dock()).problems
    assert problem.seen == "once another one was stopped, the one that serves answers with a server error"


def test_a_new_one_that_does_not_serve_breaks_it(space: Space, hold: Hold, servers: respx.MockRouter) -> None:
    servers["new"].respond(503)
    (problem,) = hold(PROMISE, space, dock()).problems
    assert problem.seen == "beside the one that serves, the new one answers with a server error"


def test_a_space_whose_answer_is_an_error_all_along_is_left_alone(
    space: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    servers["old"].respond(503)
    servers["new"].respond(503)
    assert hold(PROMISE, space, dock()).outcome is Outcome.NOT_PROVEN


@pytest.mark.parametrize("given", [FakeDock(otherwise=FakeInstance(boot=exited(1))), Spent()])
def test_a_space_that_does_not_boot_breaks_other_promises(
    space: Space, hold: Hold, servers: respx.MockRouter, given: FakeDock
) -> None:
    servers.get("http://space.test/").respond(200)
    assert hold(PROMISE, space, given).outcome is Outcome.BLOCKED
