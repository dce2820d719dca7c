"""The table of the notes."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE IF NOT EXISTS notes (name text PRIMARY KEY, text text NOT NULL)")
