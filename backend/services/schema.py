"""The schema of the database, brought up to date by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

MIGRATIONS = Path(__file__).parents[1] / "migrations"
# Any number that no other application in the same database uses; old and new container share it.
ADVISORY_LOCK = 7_011_860_214


async def bring_up_to_date(engine: AsyncEngine, *, lock_timeout: float) -> None:
    """Run the migrations that are missing, all in one transaction.

    Only one process at a time does so; others wait `lock_timeout` seconds. The lock is the transaction's:
    behind a pooler in transaction mode a session's lock would stay with a connection that others get.
    Raises what SQLAlchemy raises.
    """
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, lock_timeout)


def _upgrade(connection: Connection, lock_timeout: float) -> None:
    limit = {"limit": f"{round(lock_timeout * 1000)}ms"}
    connection.execute(text("SELECT set_config('lock_timeout', :limit, true)"), limit)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
