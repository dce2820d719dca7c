"""Postgres, at Neon or elsewhere: a pool that checks what it hands out, and the schema in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from backend.config import Settings
from backend.services.base import AwayError, known_reason
from backend.services.schema import bring_up_to_date

log = logging.getLogger(__name__)

# A small pool: while a new version starts, the old one still has its own, and session poolers count both.
POOL_SIZE = 4
# Neon closes connections when it scales to zero after five idle minutes.
RECYCLE = 240  # seconds

# Phrases of libpq, psycopg, Postgres and poolers.
REASONS = {
    "undefinedtable": "its tables are missing; run `python -m backend.migrate`",
    "undefinedcolumn": "its tables are of another version; run `python -m backend.migrate`",
    "password authentication failed": "it refused the user name or the password",
    "resolve host": "its host name does not resolve",
    "name or service not known": "its host name does not resolve",
    "connection refused": "it refuses connections",
    "network is unreachable": "there is no route to it; a Space has no IPv6",
    "does not exist": "the database or the role does not exist",
    "certificate": "its TLS certificate is not trusted",
    "channel binding": "it does not offer the channel binding that is required",
    "does not support ssl": "it does not offer the TLS that is required",
    "no encryption": "it wants TLS; sslmode=require is missing",
    "connection is insecure": "it wants TLS; sslmode=require is missing",
    "ssl required": "it wants TLS; sslmode=require is missing",
    "timeout expired": "it did not answer in time",
    "lock timeout": "its schema is locked by somebody else",
    "locknotavailable": "its schema is locked by somebody else",
    "statement timeout": "it did not answer in time",
    "queuepool limit": "it has no connection to spare",
    "starting up": "it is starting up",
    "shutting down": "it is shutting down",
    "too many": "it has no connection to spare",
    "connection slots": "it has no connection to spare",
    "max client": "it has no connection to spare",
    "no more connections": "it has no connection to spare",
    "closed the connection": "it closed the connection",
    "terminating connection": "it closed the connection",
    "connection already closed": "it closed the connection",
    "connection is closed": "it closed the connection",
    "consuming input failed": "it closed the connection",
    "received invalid response": "it answers, but not as Postgres does",
    "expected authentication request": "it answers, but not as Postgres does",
    "lost synchronization": "it answers, but not as Postgres does",
    **dict.fromkeys(
        (
            "invalid sslmode",
            "invalid channel_binding",
            "invalid connection option",
            "invalid uri",
            "invalid port",
        ),
        "the connection string has an option that is unknown or malformed",
    ),
}
# What another try cannot mend.
LASTING = (
    "password",
    "does not exist",
    "tls",
    "certificate",
    "channel binding",
    "option",
    "version",
    "tables",
)


class _Connection(psycopg.AsyncConnection):
    """Is closed by whoever gives up waiting for it.

    psycopg would ask the server to cancel, and wait for ten seconds altogether: a server that is silent is
    silent to that as well, and the request's time is over.
    """

    async def cancel_safe(self, *, timeout: float = 0) -> None:  # noqa: ARG002  the library's names
        """Close the connection."""
        await self.close()


class Postgres:
    """The database. Connections are made when they are asked for, and checked before they are used again."""

    name = "postgres"

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url
        self._timeout = settings.service_timeout
        self._migration_timeout = settings.migration_timeout
        self._schema: asyncio.Task[None] | None = None
        self.engine = create_async_engine(
            "postgresql+psycopg://",
            async_creator=self._connect,  # libpq reads the vendor's own string; nothing of it is rewritten
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=settings.service_timeout,
            pool_pre_ping=True,
            pool_recycle=RECYCLE,
            use_native_hstore=False,  # a question for each new connection, about a type that is not used here
            hide_parameters=True,
        )

    async def ask(self) -> str:
        """Ask for the version, over a connection of the pool."""
        async with self.transaction() as connection:
            return f"version {await connection.scalar(text('SHOW server_version'))}"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection in a transaction, the tables being there. Raises AwayError."""
        with_tables = self._up_to_date()
        await asyncio.shield(with_tables)
        try:
            async with self.engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, psycopg.Error) as error:
            raise away(error) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._schema is not None:
            self._schema.cancel()
        await self.engine.dispose()

    def _up_to_date(self) -> asyncio.Task[None]:
        """The one attempt at the schema that all share; a failed one is made again by the next who asks."""
        failed = self._schema is not None and self._schema.done() and not _succeeded(self._schema)
        if self._schema is None or failed:
            self._schema = asyncio.create_task(self._migrate())
            self._schema.add_done_callback(_succeeded)  # so that nobody's failure is reported as never read
        return self._schema

    async def _migrate(self) -> None:
        try:
            async with asyncio.timeout(self._migration_timeout):
                # Less than whoever asks is waited for, so that they hear who is in the way.
                await bring_up_to_date(self.engine, lock_timeout=self._timeout / 2)
        except TimeoutError:
            reason = f"its schema was not up to date within {self._migration_timeout:g} s"
            raise AwayError(reason, passing=False) from None
        except (SQLAlchemyError, psycopg.Error) as error:
            raise away(error) from None

    async def _connect(self) -> psycopg.AsyncConnection:
        return await _Connection.connect(
            self._url.get_secret_value(),
            connect_timeout=ceil(self._timeout),
            prepare_threshold=None,  # a pooler in transaction mode hands the next statement to another server
        )


def away(error: Exception) -> AwayError:
    """What an error means for the request."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    reason = known_reason(cause, REASONS)
    passing = not isinstance(error, NoConnectionError) and not any(word in reason for word in LASTING)
    return AwayError(reason, passing=passing)


def _succeeded(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is None
