from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.evidence import lives
from spacedock.services.hosts.stock import Stock
from spacedock.space import Space
from tests.unit.contract.conftest import Hold, HoldAll
from tests.unit.contract.docks import Crowded, Spent
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "survives-a-restart"
URL = "http://127.0.0.1:1"  # nobody's: nothing can be in flight there


def test_a_space_that_boots_again_keeps_it(space: Space, hold: Hold) -> None:
    dock = FakeDock(otherwise=FakeInstance(url=URL))
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT
    purposes = [spec.purpose for spec in dock.booted if spec != AS_DEPLOYED]
    assert purposes == ["to be stopped with SIGTERM", "restarted"]


def test_a_space_that_boots_once_only_breaks_it(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, Spent())
    (problem,) = finding.problems
    assert problem.seen.startswith("it has booted before on these services; again, it exited with code 1")
    assert problem.log == "relation exists already"


@pytest.mark.parametrize("shares_ports", [False, True])
def test_whichever_boot_was_the_one_that_came_up(space: Space, hold_all: HoldAll, shares_ports: bool) -> None:
    dock = Spent(shares_ports=shares_ports)
    binds, survives = hold_all(["binds-app-port", PROMISE], space, dock)
    assert (binds.outcome, survives.outcome) == (Outcome.BLOCKED, Outcome.BROKEN)


def test_a_space_that_cannot_overlap_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, Crowded()).outcome is Outcome.KEPT


def test_a_space_that_goes_over_its_limits_breaks_another_promise(space: Space, hold: Hold) -> None:
    killed = replace(exited(137), out_of_memory=True)
    dock = FakeDock(otherwise=FakeInstance(url=URL)).when("restarted", FakeInstance(boot=killed))
    assert hold(PROMISE, space, dock).outcome is Outcome.BLOCKED


def test_a_space_that_never_boots_breaks_other_promises(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED


def test_a_space_that_cannot_meet_a_spec_has_not_failed_to_boot_again(
    space: Space, hold_all: HoldAll
) -> None:
    dock = FakeDock(otherwise=FakeInstance(url=URL)).when("with PORT=7860", FakeInstance(boot=exited(1)))
    binds, survives = hold_all(["binds-app-port", PROMISE], space, dock)
    assert (binds.outcome, survives.outcome) == (Outcome.BROKEN, Outcome.KEPT)


REQUESTS = '[[requests]]\npath = "/notes"\n[[requests]]\npath = "/notes"\nmethod = "POST"\n'
AGAIN = "http://again.test"


@pytest.fixture
def asked(tmp_path: Path) -> Space:
    return sound_space(tmp_path / "asked", manifest=SOUND_MANIFEST + REQUESTS)


@pytest.fixture
def well() -> Iterator[respx.MockRouter]:
    """The first instance answers; so does the second, as long as a test does not say otherwise."""
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{AGAIN}/notes", name="again").respond(200)
        router.route().respond(200)
        yield router


def booted_again() -> FakeDock:
    return FakeDock().when("restarted", FakeInstance(url=AGAIN, log="no such table"))


def test_a_second_boot_that_answers_as_the_first_did_keeps_it(
    asked: Space, hold: Hold, well: respx.MockRouter
) -> None:
    assert hold(PROMISE, asked, booted_again()).outcome is Outcome.KEPT
    assert well["again"].called


def test_a_second_boot_that_answers_no_more_breaks_it(
    asked: Space, hold: Hold, well: respx.MockRouter
) -> None:
    well["again"].respond(500, text="no such table")
    (problem,) = hold(PROMISE, asked, booted_again()).problems
    assert problem.seen == (
        "it has booted before on these services; again it comes up, and GET /notes answers 500: no such table"
    )
    assert problem.log == "no such table"


def test_what_fails_at_the_first_boot_too_is_another_promises_business(
    asked: Space, hold: Hold, well: respx.MockRouter
) -> None:
    dock = FakeDock(otherwise=FakeInstance(url="http://failing.test"))
    well.clear()
    well.route(path="/notes").respond(500)
    well.route().respond(200)
    assert hold(PROMISE, asked, dock).outcome is Outcome.KEPT


class Emptied(FakeDock):
    """A dock whose one service holds what a test says before and after the second boot."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *stocks: Stock | None) -> None:
        super().__init__()
        self.services: Any = {"postgres": object()}
        looked = iter(stocks)
        monkeypatch.setattr(lives, "stock_of", lambda _service: next(looked))


def stock(*rows: str, table: str = "notes", others: int = 0) -> Stock:
    counts = {table: len(rows) + others} if rows or others else {}
    return Stock(counts, frozenset((table, row) for row in rows))


def test_what_a_second_boot_empties_breaks_it(
    asked: Space, hold: Hold, well: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock = Emptied(monkeypatch, stock("a"), stock("a", "b"), stock())
    (problem,) = hold(PROMISE, asked, dock).problems
    assert problem.seen == "what a request had left in postgres (notes) is gone once it has booted again"


@pytest.mark.parametrize(
    "stocks",
    [
        (stock("a"), stock("a", "b"), stock("a", "b", "c")),
        (stock("a"), stock("a", "b"), stock("b")),  # an older one has ended
        (stock("0 visits"), stock("1 visit"), stock("7 visits")),  # a row that changes
        (stock(), stock(), stock()),
        (stock("a"), stock("a"), stock("a")),  # the request wrote what was there
        (None,),  # nothing that keeps anything
        (stock("a"), None),  # it does not say
        (stock("a"), stock("a", "b"), None),
    ],
)
def test_what_is_still_there_or_cannot_be_told_keeps_it(
    asked: Space,
    hold: Hold,
    well: respx.MockRouter,
    monkeypatch: pytest.MonkeyPatch,
    stocks: tuple[Stock | None, ...],
) -> None:
    assert hold(PROMISE, asked, Emptied(monkeypatch, *stocks)).outcome is Outcome.KEPT


def test_instances_that_cannot_overlap_are_not_booted_once_more_for_it(
    asked: Space, hold: Hold, well: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock = Emptied(monkeypatch)
    dock.shares_ports = True
    assert hold(PROMISE, asked, dock).outcome is Outcome.KEPT
