"""Readers and their conversations, in Postgres. Nobody sees what is not theirs."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.chat.errors import BadCursorError, UnknownConversationError, UnknownTokenError
from backend.chat.models import Citation, Conversation, Message, Page, Transcript
from backend.chat.rendering import to_html
from backend.chat.tables import conversations, messages, sessions
from backend.services.budget import Budget
from backend.services.retry import TRIES
from backend.services.roster import Roster, Services

T = TypeVar("T")

HISTORY = 6  # messages that a question is asked with
TITLE = 80  # characters


async def in_memory(
    roster: Roster, work: Callable[[Memory], Awaitable[T]], budget: Budget, *, tries: int = TRIES
) -> T:
    """Do `work` in one transaction. Raises AwayError, and what `work` raises."""

    async def transact(services: Services) -> T:
        async with services.postgres.transaction() as db:
            return await work(Memory(db))

    return await roster.call("postgres", transact, budget, tries=tries)


class Memory:
    """What is kept of readers, within one transaction."""

    def __init__(self, db: AsyncConnection) -> None:
        self._db = db

    async def begin_session(self) -> str:
        """Return the token of a new session."""
        token = secrets.token_urlsafe(32)
        await self._db.execute(sa.insert(sessions).values(id=uuid4(), token_hash=_hash(token)))
        return token

    async def end_session(self, token: str) -> None:
        """Forget a reader with all conversations. Raises UnknownTokenError."""
        session = await self.session_of(token)
        await self._db.execute(sa.delete(sessions).where(sessions.c.id == session))

    async def session_of(self, token: str) -> UUID:
        """Return whose token it is. Raises UnknownTokenError."""
        query = sa.select(sessions.c.id).where(sessions.c.token_hash == _hash(token))
        session: UUID | None = await self._db.scalar(query)
        if session is None:
            raise UnknownTokenError
        return session

    async def recall(self, token: str, conversation: UUID | None) -> list[Message]:
        """Return the last messages of a conversation of this reader's, none of a new one.

        Raises UnknownTokenError and UnknownConversationError.
        """
        session = await self.session_of(token)
        if conversation is None:
            return []
        await self._owned(session, conversation)
        newest = sa.select(messages).where(messages.c.conversation_id == conversation)
        rows = await self._db.execute(newest.order_by(messages.c.id.desc()).limit(HISTORY))
        return [_message(row) for row in reversed(rows.all())]

    async def record(
        self,
        token: str,
        conversation: UUID | None,
        *,
        question: str,
        answer: str,
        citations: Sequence[Citation],
    ) -> UUID:
        """Keep a question with its answer, and return the conversation that they are in."""
        session = await self.session_of(token)
        if conversation is None:
            conversation = uuid4()
            new = {"id": conversation, "session_id": session, "title": _title(question)}
            await self._db.execute(sa.insert(conversations).values(new))
        else:
            await self._owned(session, conversation)
            touched = sa.update(conversations).where(conversations.c.id == conversation)
            await self._db.execute(touched.values(updated_at=sa.func.now()))
        told = [citation.model_dump() for citation in citations]
        said = [("user", question, []), ("assistant", answer, told)]
        rows = [
            {"conversation_id": conversation, "role": r, "content": c, "citations": t} for r, c, t in said
        ]
        await self._db.execute(sa.insert(messages), rows)
        return conversation

    async def list_conversations(self, token: str, *, limit: int, before: str | None) -> Page:
        """Return a page of the reader's conversations. Raises UnknownTokenError and BadCursorError."""
        session = await self.session_of(token)
        key = sa.tuple_(conversations.c.updated_at, conversations.c.id)
        query = sa.select(conversations).where(conversations.c.session_id == session)
        if before is not None:
            query = query.where(key < sa.tuple_(*map(sa.literal, _position(before))))
        newest_first = query.order_by(conversations.c.updated_at.desc(), conversations.c.id.desc())
        rows = (await self._db.execute(newest_first.limit(limit + 1))).all()
        page = [Conversation.model_validate(row._asdict()) for row in rows[:limit]]
        return Page(conversations=page, next=_cursor(page[-1]) if len(rows) > limit else None)

    async def read_conversation(self, token: str, conversation: UUID) -> Transcript:
        """Return all of a conversation. Raises UnknownTokenError and UnknownConversationError."""
        head = await self._owned(await self.session_of(token), conversation)
        query = sa.select(messages).where(messages.c.conversation_id == conversation).order_by(messages.c.id)
        said = [_message(row) for row in await self._db.execute(query)]
        return Transcript(**head.model_dump(), messages=said)

    async def delete_conversation(self, token: str, conversation: UUID) -> None:
        """Forget a conversation. Raises UnknownTokenError and UnknownConversationError."""
        await self._owned(await self.session_of(token), conversation)
        await self._db.execute(sa.delete(conversations).where(conversations.c.id == conversation))

    async def _owned(self, session: UUID, conversation: UUID) -> Conversation:
        query = sa.select(conversations).where(
            conversations.c.id == conversation, conversations.c.session_id == session
        )
        row = (await self._db.execute(query)).one_or_none()
        if row is None:
            raise UnknownConversationError
        return Conversation.model_validate(row._asdict())


def _message(row: sa.Row[tuple[object, ...]]) -> Message:
    values = row._asdict()
    return Message.model_validate({**values, "content_html": to_html(values["content"])})


def _hash(token: str) -> bytes:
    """A token has 256 random bits, so that a plain hash of it cannot be searched."""
    return hashlib.sha256(token.encode()).digest()


def _title(question: str) -> str:
    flat = " ".join(question.split())
    return flat if len(flat) <= TITLE else f"{flat[: TITLE - 3]}..."


def _cursor(last: Conversation) -> str:
    return base64.urlsafe_b64encode(f"{last.updated_at.isoformat()} {last.id}".encode()).decode()


def _position(cursor: str) -> tuple[datetime, UUID]:
    with suppress(ValueError):
        time, _, id_ = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        return datetime.fromisoformat(time), UUID(id_)
    raise BadCursorError
