"""Asking a service again when that may help. An ingestion has more time than a request of a reader."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from backend.book.index import Embedder
from backend.services.base import AwayError

T = TypeVar("T")

TRIES = 4
LONGEST_PAUSE = 60.0  # seconds, however long a service asks for
BACK_OFF = wait_exponential_jitter(multiplier=0.5, max=8.0, jitter=1.0)  # seconds


async def patiently(service: str, ask: Callable[[], Awaitable[T]]) -> T:
    """Return what the service says, asked up to four times. Raises AwayError, which names the service."""

    async def attempt() -> T:  # the library would not await what a lambda returns
        return await ask()

    retrying = AsyncRetrying(
        stop=stop_after_attempt(TRIES),
        wait=_pause,
        retry=retry_if_exception(lambda error: isinstance(error, AwayError) and error.passing),
        reraise=True,
    )
    try:
        return await retrying(attempt)
    except AwayError as reason:
        reason.service = service
        raise


class PatientEmbedder:
    """An embedder that is asked again when that may help."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text. Raises AwayError."""
        return await patiently("openai", lambda: self._embedder.embed(texts))


def _pause(state: RetryCallState) -> float:
    """Wait at least as long as the service asks, and never in step with others."""
    error = state.outcome.exception() if state.outcome else None
    wanted = error.retry_after if isinstance(error, AwayError) else None
    return BACK_OFF(state) + min(wanted or 0.0, LONGEST_PAUSE)
