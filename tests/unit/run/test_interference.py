"""Boots that are in each other's way are told from those that fail by themselves, whatever came first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.boots import AS_DEPLOYED, BootResult, BootSpec, Cause
from spacedock.docks.conditions import StartWindow
from spacedock.evidence.base import Evidence
from spacedock.evidence.boots import Booted, BootFacts
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.contract.docks import Crowded, Spent
from tests.unit.fakes import FakeDock, FakeInstance, exited

OTHER = BootSpec(purpose="another")
ELSEWHERE = BootSpec(purpose="elsewhere", port=9000)


class Boots(Promise):
    """Looks at boots one after the other, and remembers what it saw when it was judged last."""

    title = reason = consequence = remedy = source = "made for a test"
    since = "0.1"
    evidence: ClassVar = (Booted,)

    def __init__(self, *specs: BootSpec) -> None:
        self.specs = specs
        self.seen: list[BootFacts] = []

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        return (Booted(self.specs[0]),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        self.seen = []
        for spec in self.specs:
            self.seen.append(seen(Booted(spec)))
        yield from ()


def held(space: Space, dock: FakeDock, *specs: BootSpec) -> tuple[Boots, Run]:
    asked = Boots(*specs)
    with Run(space, dock) as run:
        run.judge([asked])
    return asked, run


def test_a_boot_that_fails_beside_others_is_seen_alone_and_remembered(space: Space) -> None:
    asked, run = held(space, Crowded(), AS_DEPLOYED, ELSEWHERE)
    assert [facts.result.ready for facts in asked.seen] == [True, True]
    crowded = run.gathering.interference().crowded
    assert crowded
    assert (crowded.spec, crowded.result.exit_code) == (ELSEWHERE, 1)


def test_a_crowded_space_goes_on_one_instance_at_a_time(space: Space) -> None:
    dock = Crowded()
    with Run(space, dock) as run:
        run.judge([Boots(AS_DEPLOYED, ELSEWHERE, OTHER, AS_DEPLOYED)])
        assert sum(instance.alive() for instance in dock.given) == 1


def test_a_boot_that_lacks_a_secret_is_not_tried_again(space: Space) -> None:
    lacking = BootSpec(purpose="without a secret", withheld=frozenset({"API_KEY"}))
    dock = FakeDock().when("without a secret", FakeInstance(boot=exited(78)))
    held(space, dock, AS_DEPLOYED, lacking)
    assert dock.booted == [AS_DEPLOYED, lacking]


def test_where_nothing_has_come_up_nothing_is_tried_again(space: Space) -> None:
    dock = FakeDock(otherwise=FakeInstance(boot=exited(1)))
    asked, _ = held(space, dock, AS_DEPLOYED, OTHER, ELSEWHERE)
    assert [facts.result.ready for facts in asked.seen] == [False, False, False]
    assert dock.booted == [AS_DEPLOYED, OTHER, ELSEWHERE]


def test_a_boot_that_fails_for_its_own_sake_is_seen_alone_once(space: Space) -> None:
    dock = FakeDock().when("elsewhere", FakeInstance(boot=exited(1)))
    asked, run = held(space, dock, AS_DEPLOYED, ELSEWHERE, ELSEWHERE)
    assert [facts.result.exit_code for facts in asked.seen] == [None, 1, 1]
    known = run.gathering.interference()
    assert (known.crowded, known.spent) == (None, None)


def test_a_boot_that_was_ended_for_its_limits_is_not_tried_again(space: Space) -> None:
    evicted = replace(exited(137), exceeded="Workload evicted, storage limit exceeded (50G)")
    dock = FakeDock().when("elsewhere", FakeInstance(boot=evicted))
    with Run(space, dock) as run:
        (finding,) = run.judge([Boots(AS_DEPLOYED, ELSEWHERE)])
    assert finding.outcome is Outcome.BLOCKED
    assert "storage limit exceeded" in finding.detail
    assert dock.booted == [AS_DEPLOYED, ELSEWHERE]


@pytest.mark.parametrize("shares_ports", [False, True])
def test_a_space_that_boots_once_only_is_told_from_a_spec_that_it_cannot_meet(
    space: Space, shares_ports: bool
) -> None:
    dock = Spent(shares_ports=shares_ports)
    _, run = held(space, dock, AS_DEPLOYED, ELSEWHERE)
    known = run.gathering.interference()
    assert known.spent
    assert known.spent.result.exit_code == 1
    assert known.crowded is None


def test_nothing_more_is_booted_where_the_space_boots_once_only(space: Space) -> None:
    dock = Spent()
    with Run(space, dock) as run:
        run.judge([Boots(AS_DEPLOYED, ELSEWHERE)])
        boots = len(dock.booted)
        (finding,) = run.judge([Boots(OTHER)])
    assert finding.outcome is Outcome.BLOCKED
    assert len(dock.booted) == boots


def test_a_boot_that_was_slow_because_others_were_busy_is_no_crowd(space: Space) -> None:
    late = BootResult(60.0, 8080, Cause.SILENT, window=StartWindow(60))
    dock = Crowded(late)
    dock.alone = BootResult(40.0, 8080, window=StartWindow(60))
    _, run = held(space, dock, AS_DEPLOYED, ELSEWHERE)
    assert run.gathering.interference().crowded is None


def test_a_boot_that_waits_for_another_to_end_is_one(space: Space) -> None:
    dock = Crowded(BootResult(60.0, 8080, Cause.SILENT, window=StartWindow(60)))
    _, run = held(space, dock, AS_DEPLOYED, ELSEWHERE)
    assert run.gathering.interference().crowded
