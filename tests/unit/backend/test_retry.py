"""When a service is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from backend.services.base import AwayError
from backend.services.budget import Budget, StoppingError
from backend.services.retry import TRIES, asked

pytestmark = pytest.mark.anyio

LONG = 60.0  # seconds that no test waits for


class Asked:
    """A service that fails with one error after the other, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.times = 0

    async def __call__(self) -> str:
        self.times += 1
        if self._errors:
            raise self._errors.pop(0)
        return "here"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, in seconds; none of them takes any time."""
    made: list[float] = []
    sleep = asyncio.sleep

    async def pass_over(seconds: float) -> None:
        made.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", pass_over)
    return made


def passing(*, retry_after: float | None = None) -> AwayError:
    return AwayError("it answered 503", retry_after=retry_after)


async def test_the_first_answer_is_enough(pauses: list[float]) -> None:
    service = Asked()
    assert await asked(service, Budget(LONG), at_most=LONG) == "here"
    assert (service.times, pauses) == (1, [])


async def test_what_fails_at_once_is_asked_again(pauses: list[float]) -> None:
    service = Asked(passing(), passing())
    assert await asked(service, Budget(LONG), at_most=LONG) == "here"
    assert service.times == 3


async def test_nobody_is_asked_more_often_than_three_times(pauses: list[float]) -> None:
    last = passing()
    service = Asked(passing(), passing(), last, passing())
    with pytest.raises(AwayError) as away:
        await asked(service, Budget(LONG), at_most=LONG)
    assert away.value is last
    assert service.times == TRIES == 3


async def test_a_caller_can_have_fewer_tries(pauses: list[float]) -> None:
    service = Asked(passing())
    with pytest.raises(AwayError):
        await asked(service, Budget(LONG), at_most=LONG, tries=1)
    assert (service.times, pauses) == (1, [])


@pytest.mark.parametrize(
    "error",
    [AwayError("it refused the key", passing=False), ZeroDivisionError(), StoppingError()],
    ids=lambda error: type(error).__name__,
)
async def test_what_another_try_cannot_mend_is_asked_once(pauses: list[float], error: Exception) -> None:
    service = Asked(error)
    with pytest.raises(type(error)):
        await asked(service, Budget(LONG), at_most=LONG)
    assert (service.times, pauses) == (1, [])


async def test_pauses_grow_and_are_not_all_alike(pauses: list[float]) -> None:
    for _ in range(20):
        await asked(Asked(passing(), passing()), Budget(LONG), at_most=LONG)
    first, second = pauses[::2], pauses[1::2]
    assert all(0.2 <= pause <= 0.5 for pause in first)
    assert all(0.4 <= pause <= 0.7 for pause in second)
    assert len(set(first)) > 1


async def test_a_service_is_given_the_time_that_it_asks_for(pauses: list[float]) -> None:
    await asked(Asked(passing(retry_after=3)), Budget(LONG), at_most=LONG)
    (pause,) = pauses
    assert 3.2 <= pause <= 3.5


async def test_a_pause_that_the_budget_does_not_hold_is_not_made(pauses: list[float]) -> None:
    service = Asked(passing(retry_after=LONG))
    with pytest.raises(AwayError, match="it answered 503"):
        await asked(service, Budget(LONG), at_most=LONG)
    assert (service.times, pauses) == (1, [])


class Silent:
    """A service that never answers."""

    times = 0

    async def __call__(self) -> None:
        self.times += 1
        await asyncio.Event().wait()


@pytest.mark.parametrize(("budget", "at_most"), [(LONG, 0.01), (0.01, LONG)], ids=["its own", "the budget"])
async def test_a_service_that_takes_all_its_time_is_not_waited_for_again(
    pauses: list[float], budget: float, at_most: float
) -> None:
    service = Silent()
    with pytest.raises(AwayError, match=r"^it did not answer within 0\.0\d* s$"):
        await asked(service, Budget(budget), at_most=at_most)
    assert (service.times, pauses) == (1, [])


async def stopped(work: asyncio.Task[object], budget: Budget, begun: Callable[[], object]) -> None:
    while not begun():
        await asyncio.sleep(0)
    budget.cut(0)
    with pytest.raises(StoppingError):
        async with asyncio.timeout(5):
            await work


async def test_a_stop_ends_a_try() -> None:
    budget, service = Budget(LONG), Silent()
    work = asyncio.create_task(asked(service, budget, at_most=LONG))
    await stopped(work, budget, lambda: service.times)


async def test_a_stop_ends_a_pause() -> None:
    budget, service = Budget(LONG), Asked(passing(retry_after=LONG / 2))
    work = asyncio.create_task(asked(service, budget, at_most=LONG))
    await stopped(work, budget, lambda: service.times)
