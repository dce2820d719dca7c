"""The berths of one run of the contract: equal orders share one, and boots start ahead where they can."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from threading import RLock
from typing import Any, Self, TypeVar

from spacedock.docks.base import Berth, Cause, Dock, Order
from spacedock.docks.life import state_of

# A boot is bound by the processor; more of them at once than this only slow each other down.
BOOTS_AT_ONCE = 4
# A second boot of what has booted before, on services that keep what the first one left in them.
RESTARTED = Order(purpose="restarted")

_QUICK = 0.25  # of the window: a boot that takes less was not held up by a machine that is busy with others
_NEWS = 10.0  # seconds that an engine gets to tell the end of a process whose connections are broken
_POLL = 0.02

T = TypeVar("T")


class NotReady(Exception):  # noqa: N818 - a state that a promise meets, not an error of the harness
    """A boot that a promise needs did not come up, or its berth has ended since; `berth` says how."""

    def __init__(self, berth: Berth) -> None:
        what = f"the Space did not boot ({berth.order.purpose}): {berth.boot}"
        if berth.boot.ready:
            what = f"the Space was ready and ended by itself ({berth.order.purpose})"
        super().__init__(f"{what}; on the platform {state_of(berth)}")
        self.berth = berth


class Berths:
    """Boards orders on a dock, each once. A context manager: leaving closes every berth.

    On a dock whose berths share the ports of one machine, boarding an order closes the berths that run: one
    may hold the port, asked for or not. A promise therefore works with one berth at a time. So it is for a
    Space that does not boot while another berth of it runs, once that is known.

    All boots of a run share its services, and most run side by side. One that fails although nothing was
    withheld from it may have failed for the others' sake; it is tried again, so that only the promise
    that is about that is broken, in whatever order the boots came:

    - beside others only: `crowded` is the berth that failed;
    - always, once the Space has booted on these services: `spent` is the berth that failed.
    """

    def __init__(self, dock: Dock) -> None:
        self.dock = dock
        self.crowded: Berth | None = None
        self.spent: Berth | None = None
        self._boots: dict[Order, Future[Berth]] = {}
        self._ahead: list[Order] = []  # boots that wait for the first one to come up
        self._starting = RLock()
        self._pool = ThreadPoolExecutor(1 if dock.shares_ports else BOOTS_AT_ONCE, "boot")
        self._came_up: list[Order] = []
        self._judged: set[Order] = set()
        self._learned: dict[str, Any] = {}

    def start_ahead(self, orders: Iterable[Order]) -> None:
        """Start the first boot of all now, and the others once that has come up.

        What does not boot at all need not be booted a dozen times to know it. Where only one berth may run at
        a time, nothing is started.
        """
        if self._one_at_a_time:
            return
        with self._starting:
            for order in orders:
                if self._boots and not self._came_up:
                    self._ahead.append(order)
                else:
                    self._boot(order)

    def board(self, order: Order) -> Berth:
        """Return the berth of `order`, ready or not. Raises BootError when the dock could not even try.

        Raises NotReady for a boot that fails because the Space has booted on these services before, and for
        one that was ended for its limits: one promise tells of those, and nothing else follows from it.
        """
        if self.spent is not None and order not in self._boots and _is_given_all(order):
            raise NotReady(self.spent)
        berth = self._board(order)
        if berth.boot.over_its_limits:
            raise NotReady(berth)
        if _ought_to_succeed(berth) and self.spent is None and _bare(order) not in self._judged:
            berth = self._judged_alone(berth)
        if _ought_to_succeed(berth) and self.spent is not None:
            raise NotReady(berth)
        return berth

    def attempt(self, order: Order) -> Berth:
        """Return the berth of an order that may fail for what it is given: nothing is concluded from it."""
        return self._board(order)

    def ready(self, order: Order) -> Berth:
        """Return the berth of `order`; raise NotReady unless it answers."""
        berth = self.board(order)
        if not (berth.boot.ready and berth.alive()):
            raise NotReady(berth)
        return berth

    def settle(self) -> None:
        """Wait until no boot is under way: what is done to a service then meets nobody but who is asked."""
        while under_way := [boot for boot in tuple(self._boots.values()) if not boot.done()]:
            wait(under_way)

    def boarded(self) -> tuple[Berth, ...]:
        """Return the berths that have been boarded so far."""
        done = [boot for boot in tuple(self._boots.values()) if boot.done() and not boot.cancelled()]
        return tuple(boot.result() for boot in done if not boot.exception())

    def each(self, look: Callable[[Berth], T]) -> tuple[tuple[Berth, T], ...]:
        """Return each berth with what `look` gives of it; they are looked at side by side."""
        berths = self.boarded()
        with ThreadPoolExecutor(BOOTS_AT_ONCE, "look") as pool:
            return tuple(zip(berths, pool.map(look, berths), strict=True))

    def once(self, name: str, learn: Callable[[], T]) -> T:
        """Return what `learn` returned under this name at first: some things can be seen only once."""
        if name not in self._learned:
            self._learned[name] = learn()
        learned: T = self._learned[name]
        return learned

    def learned(self, name: str) -> Any:
        """Return what was learned under this name; None when nothing was."""
        return self._learned.get(name)

    def gone(self, order: Order) -> Berth | None:
        """Return the berth of `order` when it was ready and has ended by itself, or does so right now."""
        if order not in self._boots or not (berth := self._boots[order].result()).boot.ready:
            return None
        limit = time.monotonic() + _NEWS
        while berth.alive() and time.monotonic() < limit:
            time.sleep(_POLL)
        return None if berth.alive() else berth

    @property
    def _one_at_a_time(self) -> bool:
        return self.dock.shares_ports or self.crowded is not None

    def _board(self, order: Order) -> Berth:
        if self._one_at_a_time:
            self._close_all_but(order)
        return self._boot(order).result()

    def _boot(self, order: Order) -> Future[Berth]:
        with self._starting:
            if order not in self._boots:
                self._boots[order] = self._pool.submit(self._try, order)
            return self._boots[order]

    def _try(self, order: Order) -> Berth:
        berth = self.dock.board(order)
        if berth.boot.ready:
            with self._starting, suppress(RuntimeError):  # no boot is taken any more
                self._came_up.append(order)
                while self._ahead:
                    self._boot(self._ahead.pop(0))
        return berth

    def _judged_alone(self, berth: Berth) -> Berth:
        """Return how the boot ends with no other berth beside it, where another one has come up."""
        wait([boot for boot in tuple(self._boots.values()) if boot.running()])
        self._judged.add(_bare(berth.order))
        if not self._came_up:
            return berth
        alone = berth
        if not self._one_at_a_time:
            self._close_all()
            alone = self._board(berth.order)
            if alone.boot.ready:
                self.crowded = berth if _for_the_others_sake(berth, alone) else None
                return alone
        self.spent = self._seen_spent(alone)
        return alone

    def _seen_spent(self, berth: Berth) -> Berth | None:
        """Return the berth that shows that what came up once does not come up again; None when it does."""
        before = [order for order in self._came_up if _is_given_all(order) and not order.environment]
        if _bare(berth.order) in map(_bare, before):
            return berth
        if not before:
            return None
        again = self._board(replace(before[0], purpose=RESTARTED.purpose))
        return None if again.boot.ready else again

    def _close_all(self) -> None:
        """Close every berth, and forget it: what it showed beside others may be different alone."""
        for boot in tuple(self._boots.values()):
            boot.cancel()
        for closing in [self._pool.submit(berth.close) for berth in self.boarded()]:
            closing.result()
        self._boots.clear()

    def _close_all_but(self, order: Order) -> None:
        for berth in self.boarded():
            if berth.order != order and berth.alive():
                berth.close()
                del self._boots[berth.order]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.each(lambda berth: berth.close())


def _ought_to_succeed(berth: Berth) -> bool:
    """Whether a boot has failed, with all that a Space needs, in a way that others may have caused."""
    failed = berth.boot.cause is Cause.EXITED or berth.boot.late
    return failed and _is_given_all(berth.order)


def _is_given_all(order: Order) -> bool:
    """Whether none of the secrets is kept from it."""
    return not order.withheld and not order.blank


def _for_the_others_sake(beside: Berth, alone: Berth) -> bool:
    """Whether a boot that fails beside others and not alone was in their way, not short of processor time."""
    return not beside.boot.late or alone.boot.seconds < alone.boot.window.here * _QUICK


def _bare(order: Order) -> Order:
    """Return the order without its purpose: what the Space itself is given."""
    return replace(order, purpose="")
