from __future__ import annotations

from dataclasses import replace
from threading import Event, Timer

import pytest

from spacedock.contract.berths import Berths, NotReady
from spacedock.docks.base import Boot, Cause, Order, Window
from tests.unit.contract.docks import Crowded, Spent
from tests.unit.fakes import FakeBerth, FakeDock, exited

DEPLOYED = Order()
OTHER = Order(purpose="another")
ELSEWHERE = Order(purpose="elsewhere", port=9000)


def test_equal_orders_share_a_berth() -> None:
    dock = FakeDock()
    with Berths(dock) as berths:
        assert berths.board(DEPLOYED) is berths.board(Order())
    assert dock.boarded == [DEPLOYED]


def test_a_boot_that_was_started_ahead_is_not_made_again() -> None:
    dock = FakeDock()
    with Berths(dock) as berths:
        berths.start_ahead([DEPLOYED, OTHER, DEPLOYED])
        berths.board(OTHER)
    assert sorted(order.purpose for order in dock.boarded) == ["another", "as deployed"]


def test_what_does_not_boot_is_not_booted_a_dozen_times() -> None:
    dock = FakeDock(otherwise=FakeBerth(boot=exited(1)))
    with Berths(dock) as berths:
        berths.start_ahead([DEPLOYED, OTHER, ELSEWHERE])
        berths.settle()
        assert dock.boarded == [DEPLOYED]
        berths.attempt(OTHER)
    assert dock.boarded == [DEPLOYED, OTHER]


def test_once_it_is_settled_no_boot_is_under_way() -> None:
    go_on = Event()

    class Slow(FakeDock):
        def board(self, order: Order) -> FakeBerth:
            assert go_on.wait(10)
            return super().board(order)

    with Berths(Slow()) as berths:
        berths.start_ahead([DEPLOYED, OTHER])
        assert berths.boarded() == ()
        Timer(0.01, go_on.set).start()
        berths.settle()
        assert {berth.order for berth in berths.boarded()} == {DEPLOYED, OTHER}


def test_a_berth_that_did_not_come_up_is_not_ready() -> None:
    crashing = FakeDock(otherwise=FakeBerth(boot=exited(3)))
    with Berths(crashing) as berths, pytest.raises(NotReady, match="exited with code 3"):
        berths.ready(DEPLOYED)


def test_leaving_closes_every_berth() -> None:
    with Berths(FakeDock()) as berths:
        opened = [berths.board(order) for order in (DEPLOYED, OTHER)]
    assert [berth.closed for berth in opened] == [True, True]  # type: ignore[attr-defined]


def test_on_shared_ports_an_order_closes_what_runs() -> None:
    with Berths(FakeDock(shares_ports=True)) as berths:
        first = berths.board(DEPLOYED)
        berths.board(ELSEWHERE)
        assert first.closed  # type: ignore[attr-defined]


def test_on_shared_ports_what_exited_is_kept() -> None:
    dock = FakeDock(shares_ports=True, otherwise=FakeBerth(boot=exited(78)))
    with Berths(dock) as berths:
        for order in (DEPLOYED, OTHER, DEPLOYED):
            berths.board(order)
    assert dock.boarded == [DEPLOYED, OTHER]


def test_on_shared_ports_a_closed_berth_is_boarded_anew() -> None:
    dock = FakeDock(shares_ports=True)
    with Berths(dock) as berths:
        for order in (DEPLOYED, OTHER, DEPLOYED):
            assert berths.board(order).alive()
    assert dock.boarded == [DEPLOYED, OTHER, DEPLOYED]


def test_on_shared_ports_nothing_starts_ahead() -> None:
    dock = FakeDock(shares_ports=True)
    with Berths(dock) as berths:
        berths.start_ahead([DEPLOYED, OTHER])
    assert dock.boarded == []


def test_leaving_gives_up_boots_that_nobody_waited_for() -> None:
    orders = [Order(purpose=f"number {number}") for number in range(20)]
    with Berths(FakeDock()) as berths:
        berths.start_ahead(orders)
    assert all(berth.closed for berth in berths.boarded())  # type: ignore[attr-defined]


def test_a_boot_that_fails_beside_others_is_tried_alone_and_remembered() -> None:
    dock = Crowded()
    with Berths(dock) as berths:
        first = berths.ready(DEPLOYED)
        assert berths.ready(ELSEWHERE).boot.ready
        assert first.closed  # type: ignore[attr-defined]
        assert berths.crowded
        assert berths.crowded.boot.exit_code == 1


def test_a_crowded_space_goes_on_one_berth_at_a_time() -> None:
    dock = Crowded()
    with Berths(dock) as berths:
        for order in (DEPLOYED, ELSEWHERE, OTHER, DEPLOYED):
            assert berths.ready(order).alive()
        berths.start_ahead([Order(purpose="ahead")])
        assert sum(berth.alive() for berth in dock.given) == 1
        assert [berth.boot.ready for berth in dock.given] == [True, False, True, True, True]


def test_who_comes_first_among_boots_that_were_started_ahead_does_not_matter() -> None:
    with Berths(Crowded()) as berths:
        berths.start_ahead([OTHER, ELSEWHERE, DEPLOYED])
        assert all(berths.ready(order).alive() for order in (DEPLOYED, OTHER, ELSEWHERE))
        assert berths.crowded
        assert berths.spent is None


def test_a_boot_that_lacks_a_secret_is_not_tried_again() -> None:
    lacking = Order(purpose="without a secret", withheld=frozenset({"API_KEY"}))
    dock = FakeDock().when("without a secret", FakeBerth(boot=exited(78)))
    with Berths(dock) as berths:
        berths.ready(DEPLOYED)
        assert berths.board(lacking).boot.exit_code == 78
    assert dock.boarded == [DEPLOYED, lacking]


def test_where_nothing_has_come_up_nothing_is_tried_again() -> None:
    dock = FakeDock(otherwise=FakeBerth(boot=exited(1)))
    with Berths(dock) as berths:
        for order in (DEPLOYED, OTHER, ELSEWHERE):
            assert not berths.board(order).boot.ready
    assert dock.boarded == [DEPLOYED, OTHER, ELSEWHERE]


def test_a_boot_that_fails_for_its_own_sake_is_tried_alone_once() -> None:
    dock = FakeDock().when("elsewhere", FakeBerth(boot=exited(1)))
    with Berths(dock) as berths:
        berths.ready(DEPLOYED)
        for _ in range(2):
            assert berths.board(ELSEWHERE).boot.exit_code == 1
        assert berths.ready(DEPLOYED).alive()
        assert (berths.crowded, berths.spent) == (None, None)
    assert dock.boarded.count(ELSEWHERE) == 2


def test_a_boot_that_was_ended_for_its_limits_is_not_tried_again() -> None:
    evicted = replace(exited(137), exceeded="Workload evicted, storage limit exceeded (50G)")
    dock = FakeDock().when("elsewhere", FakeBerth(boot=evicted))
    with Berths(dock) as berths:
        berths.ready(DEPLOYED)
        with pytest.raises(NotReady, match="storage limit exceeded"):
            berths.board(ELSEWHERE)
        assert (berths.crowded, berths.spent) == (None, None)
    assert dock.boarded == [DEPLOYED, ELSEWHERE]


@pytest.mark.parametrize("shares_ports", [False, True])
def test_a_space_that_boots_once_only_is_told_from_an_order_that_it_cannot_meet(shares_ports: bool) -> None:
    with Berths(Spent(shares_ports=shares_ports)) as berths:
        berths.ready(DEPLOYED)
        with pytest.raises(NotReady):
            berths.board(ELSEWHERE)
        assert berths.spent
        assert berths.spent.boot.exit_code == 1
        assert berths.crowded is None
        boots = len(berths.dock.boarded)  # type: ignore[attr-defined]
        with pytest.raises(NotReady):
            berths.board(OTHER)
        assert len(berths.dock.boarded) == boots  # type: ignore[attr-defined]


def test_a_boot_that_was_slow_because_others_were_busy_is_no_crowd() -> None:
    late = Boot(60.0, 8080, Cause.SILENT, window=Window(60))
    dock = Crowded(late)
    dock.alone = Boot(40.0, 8080, window=Window(60))
    with Berths(dock) as berths:
        berths.ready(DEPLOYED)
        assert berths.ready(ELSEWHERE).boot.seconds == 40
        assert berths.crowded is None


def test_a_boot_that_waits_for_another_to_end_is_one() -> None:
    with Berths(Crowded(Boot(60.0, 8080, Cause.SILENT, window=Window(60)))) as berths:
        berths.ready(DEPLOYED)
        berths.ready(ELSEWHERE)
        assert berths.crowded


def test_a_berth_that_ended_by_itself_is_not_ready() -> None:
    with Berths(FakeDock(otherwise=FakeBerth(ended=True))) as berths:
        with pytest.raises(NotReady, match="was ready and ended by itself"):
            berths.ready(DEPLOYED)
        assert berths.gone(DEPLOYED) is berths.board(DEPLOYED)
        assert berths.gone(OTHER) is None


def test_what_can_be_seen_once_is_learned_once() -> None:
    answers = iter("ab")
    with Berths(FakeDock()) as berths:
        assert berths.learned("it") is None
        assert berths.once("it", lambda: next(answers)) == "a"
        assert berths.once("it", lambda: next(answers)) == "a"
        assert berths.learned("it") == "a"
