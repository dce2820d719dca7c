"""Readers and their conversations, in Postgres. Nobody sees what is not theirs."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.chat.errors import BadCursorError, UnknownConversationError, UnknownTokenError
from backend.chat.models import Conversation, Exchange, Message, Page, Paging, Transcript, Utterance
from backend.chat.rendering import rendered
from backend.chat.tables import conversations, messages, sessions
from backend.services.budget import Budget
from backend.services.retry import TRIES
from backend.services.roster import Roster, Services

T = TypeVar("T")

HISTORY = 6  # messages that a question is asked with
TITLE = 80  # characters
SESSION = timedelta(days=30)  # a session ends that was not used for so long
NOTED = timedelta(days=1)  # use is written down once a day, and not with every request
SWEPT = 1000  # rows of one table that are removed at a time


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
        """Return the token of a new session, and remove some of what has ended."""
        await self._sweep()
        token = secrets.token_urlsafe(32)
        await self._db.execute(sa.insert(sessions).values(id=uuid4(), token_hash=_hash(token)))
        return token

    async def end_session(self, token: str) -> None:
        """Forget a reader with all conversations. Raises UnknownTokenError."""
        session = await self.session_of(token)
        await self._db.execute(sa.delete(sessions).where(sessions.c.id == session))

    async def session_of(self, token: str) -> UUID:
        """Return whose token it is, and keep the session from its end. Raises UnknownTokenError."""
        worth_noting = sessions.c.used_at < sa.func.now() - NOTED
        query = sa.select(sessions.c.id, worth_noting).where(
            sessions.c.token_hash == _hash(token), sessions.c.used_at > sa.func.now() - SESSION
        )
        row = (await self._db.execute(query)).one_or_none()
        if row is None:
            raise UnknownTokenError
        session: UUID = row[0]
        if row[1]:
            used = sa.update(sessions).where(sessions.c.id == session)
            await self._db.execute(used.values(used_at=sa.func.now()))
        return session

    async def recall(self, token: str, conversation: UUID | None) -> list[Utterance]:
        """Return the last messages of a conversation of this reader's, none of a new one.

        Raises UnknownTokenError and UnknownConversationError.
        """
        session = await self.session_of(token)
        if conversation is None:
            return []
        await self._owned(session, conversation)
        told = sa.select(messages.c.role, messages.c.content)
        newest = told.where(messages.c.conversation_id == conversation)
        rows = await self._db.execute(newest.order_by(messages.c.id.desc()).limit(HISTORY))
        return [Utterance.model_validate(row._asdict()) for row in reversed(rows.all())]

    async def record(self, token: str, conversation: UUID | None, exchange: Exchange) -> UUID:
        """Keep a question with its answer, and return the conversation that they are in."""
        session = await self.session_of(token)
        if conversation is None:
            conversation = uuid4()
            new = {"id": conversation, "session_id": session, "title": _title(exchange.question)}
            await self._db.execute(sa.insert(conversations).values(new))
        else:
            await self._owned(session, conversation)
            touched = sa.update(conversations).where(conversations.c.id == conversation)
            await self._db.execute(touched.values(updated_at=sa.func.now()))
        cited = [citation.model_dump() for citation in exchange.citations]
        said = [
            ("user", exchange.question, None, []),
            ("assistant", exchange.answer, exchange.answer_html, cited),
        ]
        names = ("role", "content", "content_html", "citations")
        rows = [{"conversation_id": conversation, **dict(zip(names, one, strict=True))} for one in said]
        await self._db.execute(sa.insert(messages), rows)
        return conversation

    async def list_conversations(self, token: str, paging: Paging) -> Page:
        """Return a page of the reader's conversations. Raises UnknownTokenError and BadCursorError."""
        session = await self.session_of(token)
        key = sa.tuple_(conversations.c.updated_at, conversations.c.id)
        query = sa.select(conversations).where(conversations.c.session_id == session)
        if paging.before is not None:
            query = query.where(key < sa.tuple_(*map(sa.literal, _position(paging.before))))
        newest_first = query.order_by(conversations.c.updated_at.desc(), conversations.c.id.desc())
        rows = (await self._db.execute(newest_first.limit(paging.limit + 1))).all()
        page = [Conversation.model_validate(row._asdict()) for row in rows[: paging.limit]]
        return Page(conversations=page, next=_cursor(page[-1]) if len(rows) > paging.limit else None)

    async def read_conversation(self, token: str, conversation: UUID, paging: Paging) -> Transcript:
        """Return a page of a conversation, the last one first.

        Raises UnknownTokenError, UnknownConversationError and BadCursorError.
        """
        head = await self._owned(await self.session_of(token), conversation)
        query = sa.select(messages).where(messages.c.conversation_id == conversation)
        if paging.before is not None:
            query = query.where(messages.c.id < _number(paging.before))
        rows = (await self._db.execute(query.order_by(messages.c.id.desc()).limit(paging.limit + 1))).all()
        page = rows[: paging.limit][::-1]
        said = [await self._message(row) for row in page]
        following = _encoded(str(page[0].id)) if len(rows) > paging.limit else None
        return Transcript(**head.model_dump(), messages=said, next=following)

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

    async def _message(self, row: sa.Row[tuple[object, ...]]) -> Message:
        values = row._asdict()
        html = values["content_html"] or ""
        if values["content_html"] is None and values["role"] == "assistant":  # older than the column
            html = await rendered(values["content"])
            kept = sa.update(messages).where(messages.c.id == values["id"])
            await self._db.execute(kept.values(content_html=html))
        return Message.model_validate({**values, "content_html": html})

    async def _sweep(self) -> None:
        """Remove a piece of what ended sessions left; one may have left more than fits into a try."""
        ended = sa.select(sessions.c.id).where(sessions.c.used_at <= sa.func.now() - SESSION).limit(SWEPT)
        ids = (await self._db.scalars(ended.with_for_update(skip_locked=True))).all()
        theirs = sa.select(conversations.c.id).where(conversations.c.session_id.in_(ids))
        for table, left in (
            (messages, messages.c.conversation_id.in_(theirs)),
            (conversations, conversations.c.session_id.in_(ids)),
            (sessions, sessions.c.id.in_(ids)),
        ):
            piece = sa.select(table.c.id).where(left).limit(SWEPT)
            if not ids or await self._removed(table, piece) == SWEPT:
                return

    async def _removed(self, table: sa.Table, piece: sa.Select[tuple[object]]) -> int:
        done = await self._db.execute(sa.delete(table).where(table.c.id.in_(piece)))
        return done.rowcount


def _hash(token: str) -> bytes:
    """A token has 256 random bits, so that a plain hash of it cannot be searched."""
    return hashlib.sha256(token.encode()).digest()


def _title(question: str) -> str:
    flat = " ".join(question.split())
    return flat if len(flat) <= TITLE else f"{flat[: TITLE - 3]}..."


def _cursor(last: Conversation) -> str:
    return _encoded(f"{last.updated_at.isoformat()} {last.id}")


def _encoded(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode()


def _position(cursor: str) -> tuple[datetime, UUID]:
    with suppress(ValueError):
        time, _, id_ = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        return datetime.fromisoformat(time), UUID(id_)
    raise BadCursorError


def _number(cursor: str) -> int:
    with suppress(ValueError):
        number = int(base64.urlsafe_b64decode(cursor))
        if 0 <= number < 2**63:
            return number
    raise BadCursorError
