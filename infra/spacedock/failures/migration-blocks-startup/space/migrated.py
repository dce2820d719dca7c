"""The app, whose start brings the database up to date."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from alembic import command
from alembic.config import Config
from app import api, app, engine
from fastapi import FastAPI
from sqlalchemy import Connection

__all__ = ["app"]

logging.basicConfig(level=logging.INFO, format="%(levelname)-5s [%(name)s] %(message)s")
serving = api.router.lifespan_context


def upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@asynccontextmanager
async def lifespan(inner: FastAPI) -> AsyncIterator[None]:
    with suppress(OSError):  # it may be away; the first request makes the table, too
        async with engine.begin() as database:
            await database.run_sync(upgrade)
    async with serving(inner):
        yield


api.router.lifespan_context = lifespan
