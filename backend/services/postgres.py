"""Postgres, at Neon or elsewhere."""

from __future__ import annotations

import psycopg

from backend.config import Settings
from backend.services.base import AwayError, known_reason

# Phrases of libpq, psycopg, Postgres and poolers.
REASONS = {
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
    "timeout expired": "it did not answer in time",
    "starting up": "it is starting up",
    "shutting down": "it is shutting down",
    "too many": "it has no connection to spare",
    "connection slots": "it has no connection to spare",
    "max client": "it has no connection to spare",
    "closed the connection": "it closed the connection",
    "received invalid response": "it answers, but not as Postgres does",
    "expected authentication request": "it answers, but not as Postgres does",
    "invalid": "the connection string has an option that is unknown or malformed",
}


class Postgres:
    """The database, asked over a connection of its own each time: an idle one would keep Neon awake."""

    name = "postgres"

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url

    async def ask(self) -> str:
        """Connect, and ask for the version."""
        try:
            async with await psycopg.AsyncConnection.connect(self._url.get_secret_value()) as connection:
                row = await (await connection.execute("SHOW server_version")).fetchone()
        except psycopg.Error as error:
            raise AwayError(known_reason(error, REASONS)) from None
        return f"version {row[0]}" if row else "version unknown"

    async def close(self) -> None:
        """Nothing is open between two questions."""
