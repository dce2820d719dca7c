"""The time that a request may take."""

from __future__ import annotations

import asyncio
import gc

import pytest

from backend.services.budget import Budget, Budgets, StoppingError

pytestmark = pytest.mark.anyio

LONG = 60.0  # seconds that no test waits for


async def wait_in(budget: Budget, at_most: float = LONG) -> None:
    async with budget.limit(at_most):
        await asyncio.Event().wait()


async def waiting_in(budget: Budget) -> asyncio.Task[None]:
    task = asyncio.create_task(wait_in(budget))
    while not budget._waits:
        await asyncio.sleep(0)
    return task


async def test_what_is_left_never_falls_below_nothing() -> None:
    assert Budget(-1).remaining == 0
    assert 0 < Budget(LONG).remaining <= LONG


async def test_a_wait_ends_at_its_own_limit() -> None:
    budget = Budget(LONG)
    with pytest.raises(TimeoutError):
        await wait_in(budget, at_most=0.001)
    assert budget.remaining > 1


async def test_a_wait_ends_where_the_budget_does() -> None:
    with pytest.raises(TimeoutError):
        await wait_in(Budget(0.001))


async def test_all_waits_share_one_budget() -> None:
    budget = Budget(0.001)
    with pytest.raises(TimeoutError):
        await wait_in(budget)
    with pytest.raises(TimeoutError):
        await wait_in(budget)


async def test_what_ends_in_time_is_left_alone() -> None:
    budget = Budget(LONG)
    async with budget.limit(LONG):
        await asyncio.sleep(0)
    assert not budget._waits


async def test_a_failure_inside_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with Budget(LONG).limit(LONG):
            raise ZeroDivisionError


async def test_a_cut_ends_what_is_being_waited_for() -> None:
    budget = Budget(LONG)
    waiting = await waiting_in(budget)
    budget.cut(0)
    with pytest.raises(StoppingError):
        await waiting


async def test_a_cut_leaves_the_time_that_it_names() -> None:
    budget = Budget(LONG)
    waiting = await waiting_in(budget)
    budget.cut(LONG / 2)
    assert LONG / 3 < budget.remaining <= LONG / 2
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_a_cut_never_lengthens() -> None:
    budget = Budget(0.001)
    waiting = await waiting_in(budget)
    budget.cut(LONG)
    with pytest.raises(StoppingError):
        await waiting


async def test_after_a_cut_a_service_that_is_slow_is_still_told_apart_from_the_stop() -> None:
    budget = Budget(LONG)
    budget.cut(LONG / 2)
    with pytest.raises(TimeoutError):
        await wait_in(budget, at_most=0.001)


async def test_a_stop_cuts_every_open_budget() -> None:
    budgets = Budgets(LONG)
    waiting = [await waiting_in(budgets.open()) for _ in range(2)]
    budgets.cut(0)
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [StoppingError, StoppingError]


async def test_a_stop_cuts_budgets_that_come_later() -> None:
    budgets = Budgets(LONG)
    budgets.cut(0)
    with pytest.raises(StoppingError):
        await wait_in(budgets.open())


async def test_budgets_that_nobody_uses_are_forgotten() -> None:
    budgets = Budgets(LONG)
    kept = budgets.open()
    budgets.open()
    gc.collect()
    assert set(budgets._open) == {kept}
