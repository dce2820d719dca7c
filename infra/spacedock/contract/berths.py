"""The berths of one run of the contract: equal orders share one, and boots start ahead where they can."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from spacedock.docks.base import Berth, Dock, Order

# A boot is bound by the processor; more of them at once than this only slow each other down.
BOOTS_AT_ONCE = 4


class NotReady(Exception):  # noqa: N818 - a state that a promise meets, not an error of the harness
    """A boot that a promise needs did not come up; `berth` says how it ended."""

    def __init__(self, berth: Berth) -> None:
        super().__init__(f"the Space did not boot ({berth.order.purpose}): {berth.boot}")
        self.berth = berth


class Berths:
    """Boards orders on a dock, each once. A context manager: leaving closes every berth.

    On a dock whose berths share the ports of one machine, boarding an order closes the berths that run: one
    may hold the port, asked for or not. A promise therefore works with one berth at a time.
    """

    def __init__(self, dock: Dock) -> None:
        self.dock = dock
        self._boots: dict[Order, Future[Berth]] = {}
        self._pool = ThreadPoolExecutor(1 if dock.shares_ports else BOOTS_AT_ONCE, "boot")

    def start_ahead(self, orders: Iterable[Order]) -> None:
        """Start the boots of `orders` now; on a dock that shares ports, do nothing."""
        if not self.dock.shares_ports:
            for order in orders:
                self._boot(order)

    def board(self, order: Order) -> Berth:
        """Return the berth of `order`, ready or not. Raises BootError when the dock could not even try."""
        if self.dock.shares_ports:
            self._close_all_but(order)
        return self._boot(order).result()

    def ready(self, order: Order) -> Berth:
        """Return the berth of `order`; raise NotReady unless it answers."""
        berth = self.board(order)
        if not berth.boot.ready:
            raise NotReady(berth)
        return berth

    def boarded(self) -> tuple[Berth, ...]:
        """Return the berths that have been boarded so far."""
        done = [boot for boot in self._boots.values() if boot.done() and not boot.cancelled()]
        return tuple(boot.result() for boot in done if not boot.exception())

    def _boot(self, order: Order) -> Future[Berth]:
        if order not in self._boots:
            self._boots[order] = self._pool.submit(self.dock.board, order)
        return self._boots[order]

    def _close_all_but(self, order: Order) -> None:
        for berth in self.boarded():
            if berth.order != order and berth.alive():
                berth.close()
                del self._boots[berth.order]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        for berth in self.boarded():
            berth.close()
