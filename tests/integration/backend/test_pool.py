"""Connections that somebody else has closed."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa

from backend.services.base import AwayError
from backend.services.postgres import POOL_SIZE, Postgres
from tests.integration.backend.conftest import Configure, until

pytestmark = pytest.mark.anyio

PID = sa.text("SELECT pg_backend_pid()")


async def pid(postgres: Postgres) -> int:
    async with postgres.transaction() as db:
        found: int = await db.scalar(PID)
    return found


def terminate(url: str, server_process: int) -> None:
    """End a connection as Neon does when it scales to zero."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [server_process])


async def test_a_connection_is_used_again(postgres: Postgres) -> None:
    assert await pid(postgres) == await pid(postgres)


async def test_one_that_was_closed_between_two_requests_is_replaced(postgres: Postgres, shared: str) -> None:
    before = await pid(postgres)
    terminate(shared, before)
    assert await pid(postgres) != before


async def test_all_that_were_closed_are_replaced(postgres: Postgres, shared: str) -> None:
    async with postgres.transaction() as one, postgres.transaction() as other:
        before = {await one.scalar(PID), await other.scalar(PID)}
    assert len(before) == 2
    for server_process in before:
        terminate(shared, server_process)
    async with postgres.transaction() as one, postgres.transaction() as other:
        after = {await one.scalar(PID), await other.scalar(PID)}
    assert not before & after


async def test_one_that_is_closed_in_the_middle_is_told_and_worth_another_try(
    postgres: Postgres, shared: str
) -> None:
    async def break_off() -> None:
        async with postgres.transaction() as db:
            terminate(shared, await db.scalar(PID))
            await db.scalar(PID)

    with pytest.raises(AwayError) as away:
        await break_off()
    assert (str(away.value), away.value.passing) == ("it closed the connection", True)
    assert await postgres.ask()


async def test_one_too_many_is_told(shared: str, configure: Configure) -> None:
    postgres = Postgres(configure(shared, service_timeout=0.2))
    try:
        await postgres.ask()
        lent = [postgres.engine.connect() for _ in range(POOL_SIZE)]
        for connection in lent:
            await connection.start()
        with pytest.raises(AwayError, match="it has no connection to spare"):
            await postgres.ask()
        for connection in lent:
            await connection.close()
        assert await postgres.ask()
    finally:
        await postgres.close()


async def test_none_is_left_open(shared: str, configure: Configure) -> None:
    postgres = Postgres(configure(shared))
    server_process = await pid(postgres)
    await postgres.close()
    with psycopg.connect(shared, autocommit=True) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        until(lambda: connection.execute(query, [server_process]).fetchone() == (0,))
