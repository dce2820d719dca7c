from __future__ import annotations

from dataclasses import replace
from threading import Event, Timer

import pytest

from spacedock.contract.instances import Instances, NotReady
from spacedock.docks.boots import BootResult, BootSpec, Cause
from spacedock.docks.conditions import StartWindow
from tests.unit.contract.docks import Crowded, Spent
from tests.unit.fakes import FakeDock, FakeInstance, exited

DEPLOYED = BootSpec()
OTHER = BootSpec(purpose="another")
ELSEWHERE = BootSpec(purpose="elsewhere", port=9000)


def test_equal_orders_share_a_berth() -> None:
    dock = FakeDock()
    with Instances(dock) as instances:
        assert instances.boot(DEPLOYED) is instances.boot(BootSpec())
    assert dock.booted == [DEPLOYED]


def test_a_boot_that_was_started_ahead_is_not_made_again() -> None:
    dock = FakeDock()
    with Instances(dock) as instances:
        instances.start_ahead([DEPLOYED, OTHER, DEPLOYED])
        instances.boot(OTHER)
    assert sorted(spec.purpose for spec in dock.booted) == ["another", "as deployed"]


def test_what_does_not_boot_is_not_booted_a_dozen_times() -> None:
    dock = FakeDock(otherwise=FakeInstance(boot=exited(1)))
    with Instances(dock) as instances:
        instances.start_ahead([DEPLOYED, OTHER, ELSEWHERE])
        instances.settle()
        assert dock.booted == [DEPLOYED]
        instances.attempt(OTHER)
    assert dock.booted == [DEPLOYED, OTHER]


def test_once_it_is_settled_no_boot_is_under_way() -> None:
    go_on = Event()

    class Slow(FakeDock):
        def boot(self, spec: BootSpec) -> FakeInstance:
            assert go_on.wait(10)
            return super().boot(spec)

    with Instances(Slow()) as instances:
        instances.start_ahead([DEPLOYED, OTHER])
        assert instances.booted() == ()
        Timer(0.01, go_on.set).start()
        instances.settle()
        assert {instance.spec for instance in instances.booted()} == {DEPLOYED, OTHER}


def test_a_berth_that_did_not_come_up_is_not_ready() -> None:
    crashing = FakeDock(otherwise=FakeInstance(boot=exited(3)))
    with Instances(crashing) as instances, pytest.raises(NotReady, match="exited with code 3"):
        instances.ready(DEPLOYED)


def test_leaving_closes_every_berth() -> None:
    with Instances(FakeDock()) as instances:
        opened = [instances.boot(spec) for spec in (DEPLOYED, OTHER)]
    assert [instance.closed for instance in opened] == [True, True]  # type: ignore[attr-defined]


def test_on_shared_ports_an_order_closes_what_runs() -> None:
    with Instances(FakeDock(shares_ports=True)) as instances:
        first = instances.boot(DEPLOYED)
        instances.boot(ELSEWHERE)
        assert first.closed  # type: ignore[attr-defined]


def test_on_shared_ports_what_exited_is_kept() -> None:
    dock = FakeDock(shares_ports=True, otherwise=FakeInstance(boot=exited(78)))
    with Instances(dock) as instances:
        for spec in (DEPLOYED, OTHER, DEPLOYED):
            instances.boot(spec)
    assert dock.booted == [DEPLOYED, OTHER]


def test_on_shared_ports_a_closed_berth_is_boarded_anew() -> None:
    dock = FakeDock(shares_ports=True)
    with Instances(dock) as instances:
        for spec in (DEPLOYED, OTHER, DEPLOYED):
            assert instances.boot(spec).alive()
    assert dock.booted == [DEPLOYED, OTHER, DEPLOYED]


def test_on_shared_ports_nothing_starts_ahead() -> None:
    dock = FakeDock(shares_ports=True)
    with Instances(dock) as instances:
        instances.start_ahead([DEPLOYED, OTHER])
    assert dock.booted == []


def test_leaving_gives_up_boots_that_nobody_waited_for() -> None:
    specs = [BootSpec(purpose=f"number {number}") for number in range(20)]
    with Instances(FakeDock()) as instances:
        instances.start_ahead(specs)
    assert all(instance.closed for instance in instances.booted())  # type: ignore[attr-defined]


def test_a_boot_that_fails_beside_others_is_tried_alone_and_remembered() -> None:
    dock = Crowded()
    with Instances(dock) as instances:
        first = instances.ready(DEPLOYED)
        assert instances.ready(ELSEWHERE).boot.ready
        assert first.closed  # type: ignore[attr-defined]
        assert instances.crowded
        assert instances.crowded.boot.exit_code == 1


def test_a_crowded_space_goes_on_one_berth_at_a_time() -> None:
    dock = Crowded()
    with Instances(dock) as instances:
        for spec in (DEPLOYED, ELSEWHERE, OTHER, DEPLOYED):
            assert instances.ready(spec).alive()
        instances.start_ahead([BootSpec(purpose="ahead")])
        assert sum(instance.alive() for instance in dock.given) == 1
        assert [instance.boot.ready for instance in dock.given] == [True, False, True, True, True]


def test_who_comes_first_among_boots_that_were_started_ahead_does_not_matter() -> None:
    with Instances(Crowded()) as instances:
        instances.start_ahead([OTHER, ELSEWHERE, DEPLOYED])
        assert all(instances.ready(spec).alive() for spec in (DEPLOYED, OTHER, ELSEWHERE))
        assert instances.crowded
        assert instances.spent is None


def test_a_boot_that_lacks_a_secret_is_not_tried_again() -> None:
    lacking = BootSpec(purpose="without a secret", withheld=frozenset({"API_KEY"}))
    dock = FakeDock().when("without a secret", FakeInstance(boot=exited(78)))
    with Instances(dock) as instances:
        instances.ready(DEPLOYED)
        assert instances.boot(lacking).boot.exit_code == 78
    assert dock.booted == [DEPLOYED, lacking]


def test_where_nothing_has_come_up_nothing_is_tried_again() -> None:
    dock = FakeDock(otherwise=FakeInstance(boot=exited(1)))
    with Instances(dock) as instances:
        for spec in (DEPLOYED, OTHER, ELSEWHERE):
            assert not instances.boot(spec).boot.ready
    assert dock.booted == [DEPLOYED, OTHER, ELSEWHERE]


def test_a_boot_that_fails_for_its_own_sake_is_tried_alone_once() -> None:
    dock = FakeDock().when("elsewhere", FakeInstance(boot=exited(1)))
    with Instances(dock) as instances:
        instances.ready(DEPLOYED)
        for _ in range(2):
            assert instances.boot(ELSEWHERE).boot.exit_code == 1
        assert instances.ready(DEPLOYED).alive()
        assert (instances.crowded, instances.spent) == (None, None)
    assert dock.booted.count(ELSEWHERE) == 2


def test_a_boot_that_was_ended_for_its_limits_is_not_tried_again() -> None:
    evicted = replace(exited(137), exceeded="Workload evicted, storage limit exceeded (50G)")
    dock = FakeDock().when("elsewhere", FakeInstance(boot=evicted))
    with Instances(dock) as instances:
        instances.ready(DEPLOYED)
        with pytest.raises(NotReady, match="storage limit exceeded"):
            instances.boot(ELSEWHERE)
        assert (instances.crowded, instances.spent) == (None, None)
    assert dock.booted == [DEPLOYED, ELSEWHERE]


@pytest.mark.parametrize("shares_ports", [False, True])
def test_a_space_that_boots_once_only_is_told_from_an_order_that_it_cannot_meet(shares_ports: bool) -> None:
    with Instances(Spent(shares_ports=shares_ports)) as instances:
        instances.ready(DEPLOYED)
        with pytest.raises(NotReady):
            instances.boot(ELSEWHERE)
        assert instances.spent
        assert instances.spent.boot.exit_code == 1
        assert instances.crowded is None
        boots = len(instances.dock.booted)  # type: ignore[attr-defined]
        with pytest.raises(NotReady):
            instances.boot(OTHER)
        assert len(instances.dock.booted) == boots  # type: ignore[attr-defined]


def test_a_boot_that_was_slow_because_others_were_busy_is_no_crowd() -> None:
    late = BootResult(60.0, 8080, Cause.SILENT, window=StartWindow(60))
    dock = Crowded(late)
    dock.alone = BootResult(40.0, 8080, window=StartWindow(60))
    with Instances(dock) as instances:
        instances.ready(DEPLOYED)
        assert instances.ready(ELSEWHERE).boot.seconds == 40
        assert instances.crowded is None


def test_a_boot_that_waits_for_another_to_end_is_one() -> None:
    with Instances(Crowded(BootResult(60.0, 8080, Cause.SILENT, window=StartWindow(60)))) as instances:
        instances.ready(DEPLOYED)
        instances.ready(ELSEWHERE)
        assert instances.crowded


def test_a_berth_that_ended_by_itself_is_not_ready() -> None:
    with Instances(FakeDock(otherwise=FakeInstance(ended=True))) as instances:
        with pytest.raises(NotReady, match="was ready and ended by itself"):
            instances.ready(DEPLOYED)
        assert instances.gone(DEPLOYED) is instances.boot(DEPLOYED)
        assert instances.gone(OTHER) is None


def test_what_can_be_seen_once_is_learned_once() -> None:
    answers = iter("ab")
    with Instances(FakeDock()) as instances:
        assert instances.learned("it") is None
        assert instances.once("it", lambda: next(answers)) == "a"
        assert instances.once("it", lambda: next(answers)) == "a"
        assert instances.learned("it") == "a"
