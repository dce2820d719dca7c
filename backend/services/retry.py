"""Asking a service again when that may help, within a request's budget."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    stop_any,
)
from tenacity.stop import stop_base
from tenacity.wait import wait_exponential_jitter

from backend.services.base import AwayError
from backend.services.budget import Budget

T = TypeVar("T")

TRIES = 3
_BACK_OFF = wait_exponential_jitter(multiplier=0.2, max=2.0, jitter=0.3)  # seconds


async def asked(ask: Callable[[], Awaitable[T]], budget: Budget, *, at_most: float, tries: int = TRIES) -> T:
    """Return what a service says. One try takes `at_most` seconds. Raises AwayError.

    What fails at once is tried again; a service that took all its time is not waited for a second time.
    """

    async def attempt() -> T:
        waited = min(at_most, budget.remaining)
        try:
            async with budget.limit(at_most):
                return await ask()
        except TimeoutError:
            raise AwayError(f"it did not answer within {waited:.3g} s") from None

    if tries == 1:  # each part of an answer is asked for like this
        return await attempt()
    retrying = AsyncRetrying(
        sleep=partial(_rest, budget),
        stop=stop_any(stop_after_attempt(tries), stop_after_delay(at_most), _NoTimeLeft(budget)),
        wait=_pause,
        retry=retry_if_exception(lambda error: isinstance(error, AwayError) and error.passing),
        reraise=True,
    )
    return await retrying(attempt)


async def _rest(budget: Budget, seconds: float) -> None:
    """Sleep within the budget, which a stop may cut. Raises StoppingError."""
    with suppress(TimeoutError):  # no time is left, as the next try will say
        async with budget.limit(seconds + 1):
            await asyncio.sleep(seconds)


def _pause(state: RetryCallState) -> float:
    """Wait as long as the service asks, and never in step with others."""
    error = state.outcome.exception() if state.outcome else None
    wanted = error.retry_after if isinstance(error, AwayError) else None
    return _BACK_OFF(state) + (wanted or 0.0)


class _NoTimeLeft(stop_base):
    """Stops where the pause would use up the budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def __call__(self, retry_state: RetryCallState) -> bool:
        return retry_state.upcoming_sleep >= self._budget.remaining
