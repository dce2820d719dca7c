from __future__ import annotations

import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.contract.registry import chosen
from spacedock.docks.boots import BootResult, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.instance import Usage
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.contract.misbehaving import MISBEHAVIOURS, misbehaves
from tests.unit.fakes import FakeDock, FakeInstance, exited

pytestmark = pytest.mark.usefixtures("visited")

PROMISE = "fits-its-hardware"
GIB = 2**30
OOM = "Memory limit exceeded (16Gi)"
KILLED = BootResult(0.3, 8080, Cause.EXITED, 137, out_of_memory=True, exceeded=OOM)


def using(exceeded: str = "", peak: int = GIB, limit: int = 16 * GIB) -> FakeInstance:
    return FakeInstance(used=Usage(peak, 0, limit, 50, (exceeded,) if exceeded else ()))


def test_a_space_that_fits_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=using())).outcome is Outcome.KEPT


def test_a_dock_that_cannot_tell_the_figures_finds_nothing_wrong(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_a_boot_that_is_killed_for_its_memory_breaks_it_in_the_platforms_words(
    space: Space, hold: Hold
) -> None:
    dock = FakeDock(otherwise=FakeInstance(boot=KILLED, log="loading", used=Usage(exceeded=(OOM,))))
    finding = hold(PROMISE, space, dock)
    assert finding.outcome is Outcome.BROKEN
    assert finding.problems[0].seen == "Memory limit exceeded (16Gi) (as deployed)"
    assert finding.problems[0].log == "loading"


def test_a_boot_that_crashes_for_another_reason_is_not_its_business(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED


def test_more_disk_than_there_is_breaks_it_although_the_space_is_ready(space: Space, hold: Hold) -> None:
    finding = hold(
        PROMISE, space, FakeDock(otherwise=using("Workload evicted, storage limit exceeded (50G)"))
    )
    assert "storage limit exceeded (50G)" in finding.problems[0].seen


def test_a_limit_that_is_less_than_the_hardware_has_is_told(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock(otherwise=using("Memory limit exceeded (8Gi)", limit=8 * GIB)))
    assert "here it had 8 GiB, less than the 16 GiB of its hardware" in finding.problems[0].seen


def test_more_memory_than_the_hardware_has_breaks_it_where_the_engine_limits_none(
    space: Space, hold: Hold
) -> None:
    finding = hold(PROMISE, space, FakeDock(otherwise=using(peak=20 * GIB)))
    assert "it used 20 GiB of memory; its hardware has 16 GiB" in finding.problems[0].seen


def test_a_dock_without_limits_proves_nothing(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {Capability.LIMITS})
    assert hold(PROMISE, space, dock).outcome is Outcome.NOT_PROVEN


def test_it_is_judged_after_all_that_others_ask_of_the_space() -> None:
    (promise,) = chosen([PROMISE])
    assert promise.concludes


@pytest.mark.parametrize("how", MISBEHAVIOURS)
def test_however_it_answers_what_visitors_ask_the_limits_tell(
    space: Space, hold: Hold, visited: respx.MockRouter, how: str
) -> None:
    misbehaves(visited, how)
    assert hold(PROMISE, space, FakeDock(otherwise=using())).outcome is Outcome.KEPT
    assert hold(PROMISE, space, FakeDock(otherwise=using(peak=20 * GIB))).outcome is Outcome.BROKEN


def test_one_that_ends_by_what_visitors_ask_is_judged_by_its_limits(
    space: Space, hold: Hold, visited: respx.MockRouter
) -> None:
    misbehaves(visited, "resets")
    killed = FakeInstance(gone=True, used=Usage(exceeded=(OOM,)))
    assert hold(PROMISE, space, FakeDock(otherwise=killed)).problems[0].seen == f"{OOM} (as deployed)"
