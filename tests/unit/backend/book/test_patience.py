"""How often and how long a service is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from backend.book.patience import PatientEmbedder, patiently
from backend.services.base import AwayError
from tests.unit.backend.book.conftest import FakeModel

pytestmark = pytest.mark.anyio


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Take the seconds of each pause instead of waiting."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return taken


def failing(error: BaseException, times: int) -> Callable[[int], None]:
    """Fail so many times."""
    left = [error] * times

    def fail(_: int) -> None:
        if left:
            raise left.pop()

    return fail


async def test_the_pauses_grow_and_are_never_the_same(model: FakeModel, pauses: list[float]) -> None:
    model.before = failing(AwayError("busy"), 3)
    assert len(await PatientEmbedder(model).embed(["a"])) == 1
    first, second, third = pauses
    assert 0.5 <= first <= 1.5
    assert 1 <= second <= 2
    assert 2 <= third <= 3
    assert {0.5, 1.0, 2.0} & set(pauses) == set()


async def test_it_waits_as_long_as_it_is_asked_to_and_no_longer_than_a_minute(
    model: FakeModel, pauses: list[float]
) -> None:
    model.before = failing(AwayError("busy", retry_after=20), 1)
    await PatientEmbedder(model).embed(["a"])
    model.before = failing(AwayError("busy", retry_after=86_400), 1)
    await PatientEmbedder(model).embed(["a"])
    assert 20 <= pauses[0] < 22
    assert 60 <= pauses[1] < 62


async def test_after_four_tries_it_gives_up_and_names_the_service(
    model: FakeModel, pauses: list[float]
) -> None:
    model.before = failing(AwayError("it answered 500"), 9)
    with pytest.raises(AwayError, match="it answered 500") as away:
        await PatientEmbedder(model).embed(["a"])
    assert away.value.service == "openai"
    assert len(pauses) == 3


@pytest.mark.parametrize("error", [AwayError("it refused the key", passing=False), ValueError("a mistake")])
async def test_what_will_not_pass_is_not_tried_again(
    model: FakeModel, pauses: list[float], error: Exception
) -> None:
    model.before = failing(error, 1)
    with pytest.raises(type(error)):
        await PatientEmbedder(model).embed(["a"])
    assert pauses == []


@pytest.mark.usefixtures("no_pauses")
async def test_a_pause_can_be_interrupted() -> None:
    asked = asyncio.Event()

    async def ask() -> None:
        asked.set()
        raise AwayError("busy", retry_after=60)

    task = asyncio.create_task(patiently("openai", ask))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
