"""Postgres in a container that is not waited for by whoever starts it."""

from __future__ import annotations

from testcontainers.community.postgres import PostgresContainer


class PatientPostgres(PostgresContainer):
    """Somebody else looks whether it answers."""

    def _connect(self) -> None:
        """Return at once: the wait of the base class looks once a second."""
