from __future__ import annotations

import pytest

from spacedock.contract.berths import Berths, NotReady
from spacedock.docks.base import Order
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
