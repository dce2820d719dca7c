"""How the services are asked."""

from __future__ import annotations

import asyncio
import logging

import pytest

from backend.services import roster
from tests.unit.backend.conftest import FakeService, Services

pytestmark = pytest.mark.anyio


async def test_one_line_is_logged_for_each_service(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    services.qdrant.away = "it refused the key"
    with caplog.at_level(logging.INFO, "backend"):
        await services.roster().ask_all()
    assert sorted(caplog.messages) == [
        "openai is ready: version 1.2",
        "postgres is ready: version 1.2",
        "qdrant is away: it refused the key",
    ]


async def test_only_a_change_is_logged_again(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    ours = services.roster()
    await ours.ask_all()
    caplog.clear()
    with caplog.at_level(logging.INFO, "backend"):
        await ours.ask_all()
        services.postgres.away = "it refuses connections"
        await ours.ask_all()
    assert caplog.messages == ["postgres is away: it refuses connections"]


async def test_the_text_of_an_unforeseen_error_is_not_shown(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    services.postgres.away = RuntimeError("could not use postgresql://owner:canary@db.example")
    statuses = await services.roster().ask_all()
    assert statuses["postgres"].detail == "asking it failed with RuntimeError"
    assert "canary" not in caplog.text


async def test_services_are_asked_side_by_side(services: Services) -> None:
    meeting = asyncio.Barrier(3)

    class Sociable(FakeService):
        async def ask(self) -> str:
            await meeting.wait()
            return "version 1.2"

    everyone = Services(Sociable("postgres"), Sociable("qdrant"), Sociable("openai"))
    statuses = await everyone.roster().ask_all()
    assert {status.state for status in statuses.values()} == {"ready"}


async def test_whoever_comes_during_a_round_shares_it(services: Services) -> None:
    services.postgres.silent = True
    ours = services.roster()
    callers = [asyncio.create_task(ours.ask_all()) for _ in range(3)]
    while not services.postgres.asked:
        await asyncio.sleep(0)
    services.postgres.answering.set()
    await asyncio.gather(*callers)
    assert services.postgres.asked == 1


async def test_a_caller_who_gives_up_does_not_end_the_round_of_others(services: Services) -> None:
    services.postgres.silent = True
    ours = services.roster()
    impatient, patient = (asyncio.create_task(ours.ask_all()) for _ in range(2))
    while not services.postgres.asked:
        await asyncio.sleep(0)
    impatient.cancel()
    services.postgres.answering.set()
    assert (await patient)["postgres"].state == "ready"


async def test_clients_that_cannot_be_imported_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> roster.Services:
        raise ImportError("libpq")

    statuses = await roster.Roster(broken, within=5).ask_all()
    assert {status.detail for status in statuses.values()} == {"asking it failed with ImportError"}


async def test_leaving_closes_the_services_and_ends_the_round(services: Services) -> None:
    services.postgres.silent = True
    async with services.roster() as ours:
        while not services.postgres.asked:
            await asyncio.sleep(0)
    assert services.qdrant.closed
    assert ours.statuses["postgres"].state == "unknown"
