"""Runs the migrations on the connection that the app gives."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

connection = context.config.attributes["connection"]
context.configure(connection=connection)
with context.begin_transaction():
    connection.execute(text("SELECT pg_advisory_xact_lock(8)"))  # one at a time
    context.run_migrations()
