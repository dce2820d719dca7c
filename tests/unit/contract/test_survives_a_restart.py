from __future__ import annotations

from dataclasses import replace

import pytest

from spacedock.contract.finding import Outcome
from spacedock.space import Space
from tests.unit.contract.conftest import Hold, HoldAll
from tests.unit.contract.docks import Crowded, Spent
from tests.unit.fakes import FakeDock, FakeInstance, exited

PROMISE = "survives-a-restart"
URL = "http://127.0.0.1:1"  # nobody's: nothing can be in flight there


def test_a_space_that_boots_again_keeps_it(space: Space, hold: Hold) -> None:
    dock = FakeDock(otherwise=FakeInstance(url=URL))
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT
    assert [spec.purpose for spec in dock.booted] == ["to be stopped with SIGTERM", "restarted"]


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
