"""The time that a request may take, shared by everything that is done for it."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class StoppingError(Exception):
    """The process was told to stop, and the request did not come to its end in time."""


class Budget:
    """Seconds for one request. Every wait for a service happens within `limit`."""

    def __init__(self, seconds: float) -> None:
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._waits: set[asyncio.Timeout] = set()
        self._stopping = False

    @property
    def remaining(self) -> float:
        """Seconds that are left; 0 when none are."""
        return max(0.0, self._deadline - asyncio.get_running_loop().time())

    @asynccontextmanager
    async def limit(self, at_most: float) -> AsyncIterator[Callable[[], None]]:
        """Let the body take `at_most` seconds and no longer than the budget; what it gets begins them anew.

        Raises TimeoutError, or StoppingError where a stop has cut the budget.
        """

        def until() -> float:
            return min(self._deadline, asyncio.get_running_loop().time() + at_most)

        def renew() -> None:
            if not wait.expired():
                wait.reschedule(until())

        try:
            async with asyncio.timeout_at(until()) as wait:
                self._waits.add(wait)
                try:
                    yield renew
                finally:
                    self._waits.discard(wait)
        except TimeoutError:
            if self._stopping and not self.remaining:
                raise StoppingError from None
            raise

    def cut(self, seconds: float) -> None:
        """Leave no more than `seconds`, for what is being waited for as well."""
        self._stopping = True
        self._deadline = min(self._deadline, asyncio.get_running_loop().time() + seconds)
        for wait in self._waits:
            if (when := wait.when()) is not None and when > self._deadline:
                wait.reschedule(self._deadline)


class Budgets:
    """The budgets of all requests, so that a stop can cut them short."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open: weakref.WeakSet[Budget] = weakref.WeakSet()
        self._stopping = False

    def open(self) -> Budget:
        """Return the budget of a new request."""
        budget = Budget(self._seconds)
        if self._stopping:
            budget.cut(self._seconds)
        self._open.add(budget)
        return budget

    def cut(self, seconds: float) -> None:
        """Leave no request more than `seconds`, nor any that comes later."""
        self._stopping = True
        self._seconds = min(self._seconds, seconds)
        for budget in tuple(self._open):
            budget.cut(seconds)
