"""The tables as they are after all migrations; a test holds the two together."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData()
_now = sa.func.now()


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=_now)


def _owner(name: str, table: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)


sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
    _time("created_at"),
    _time("used_at"),
    sa.Index("sessions_by_use", "used_at"),
)

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    _owner("session_id", "sessions"),
    sa.Column("title", sa.Text, nullable=False),
    _time("created_at"),
    _time("updated_at"),
    sa.Index("conversations_of_a_session", "session_id", "updated_at", "id"),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    _owner("conversation_id", "conversations"),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("citations", JSONB, nullable=False, server_default="[]"),
    _time("created_at"),
    sa.Column("content_html", sa.Text),
    sa.CheckConstraint("role IN ('user', 'assistant')", name="messages_role"),
    sa.Index("messages_of_a_conversation", "conversation_id", "id"),
)
