"""Reading an answer while its reader takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from backend.services.base import AwayError
from backend.services.budget import Budget
from backend.services.openai import Answering


async def parts_of(answering: Answering, budget: Budget, *, silence: float) -> AsyncGenerator[str, None]:
    """Yield an answer as it comes; what comes while its reader is busy with a part, comes as one.

    The model may be silent for `silence` seconds. Raises AwayError and StoppingError.
    """
    arrived: asyncio.Queue[str | None] = asyncio.Queue()
    reading = asyncio.create_task(_read(answering, budget, silence, arrived))
    try:
        while (part := await arrived.get()) is not None:
            yield part + _rest(arrived)
        await reading
    finally:
        reading.cancel()
        reading.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody asks any more


async def _read(
    answering: Answering, budget: Budget, silence: float, arrived: asyncio.Queue[str | None]
) -> None:
    try:
        async with budget.limit(silence) as renew:
            while (part := await answering.read()) is not None:
                arrived.put_nowait(part)
                renew()
    except TimeoutError:
        raise AwayError(f"it was silent for {silence:g} s") from None
    finally:
        arrived.put_nowait(None)


def _rest(arrived: asyncio.Queue[str | None]) -> str:
    """What has arrived, up to the end, which stays."""
    parts = []
    while not arrived.empty():
        if (part := arrived.get_nowait()) is None:
            arrived.put_nowait(None)
            break
        parts.append(part)
    return "".join(parts)
