"""An answer is read while its reader takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import cast

import pytest

from backend.chat.reading import parts_of
from backend.services.base import AwayError
from backend.services.budget import Budget, StoppingError
from backend.services.openai import Answering
from tests.unit.backend.fakes import FakeAnswering, Part

pytestmark = pytest.mark.anyio


def reading(parts: Sequence[Part], *, silence: float = 5.0, budget: float = 5.0) -> AsyncGenerator[str, None]:
    answering = cast("Answering", FakeAnswering(parts, "stop"))
    return parts_of(answering, Budget(budget), silence=silence)


async def test_a_part_is_given_when_it_comes_though_the_next_one_does_not() -> None:
    coming = reading(["It is", asyncio.Event()])
    assert await anext(coming) == "It is"
    await coming.aclose()


async def test_what_came_while_the_reader_was_busy_comes_as_one() -> None:
    go_on = asyncio.Event()
    coming = reading(["It is", go_on, " on", " the", " ground"])
    first = await anext(coming)
    go_on.set()
    await asyncio.sleep(0)  # the reader is busy, and everything else arrives
    await asyncio.sleep(0)
    assert [first, *[part async for part in coming]] == ["It is", " on the ground"]


async def test_what_came_before_an_answer_broke_off_is_not_lost() -> None:
    coming = reading(["It is", AwayError("its answer broke off")])
    assert await anext(coming) == "It is"
    with pytest.raises(AwayError, match="broke off"):
        await anext(coming)


async def test_every_part_may_take_its_time() -> None:
    class Slow(FakeAnswering):
        async def read(self) -> str | None:
            await asyncio.sleep(0.06)
            return await super().read()

    slow = cast("Answering", Slow(["a"] * 4, "stop"))
    parts = [part async for part in parts_of(slow, Budget(5), silence=0.1)]
    assert "".join(parts) == "aaaa"


async def test_silence_is_told_apart() -> None:
    with pytest.raises(AwayError, match=r"it was silent for 0\.05 s"):
        await anext(reading([asyncio.Event()], silence=0.05))


async def test_a_stop_ends_it() -> None:
    budget = Budget(5)
    coming = parts_of(cast("Answering", FakeAnswering([asyncio.Event()], "stop")), budget, silence=5)
    waiting = asyncio.ensure_future(anext(coming))
    await asyncio.sleep(0)
    budget.cut(0.01)
    with pytest.raises(StoppingError):
        await waiting


async def test_who_leaves_ends_the_reading() -> None:
    before = asyncio.all_tasks()
    coming = reading(["It is", asyncio.Event()])
    await anext(coming)
    await coming.aclose()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
