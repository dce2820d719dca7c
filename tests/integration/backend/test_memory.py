"""What is kept of readers: nobody sees what is not theirs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.chat import memory as module
from backend.chat.errors import BadCursorError, UnknownConversationError, UnknownTokenError
from backend.chat.memory import HISTORY, SESSION, TITLE, Memory
from backend.chat.models import Citation, Conversation, Exchange, Page, Paging, Transcript
from backend.chat.tables import conversations, messages, metadata, sessions
from backend.services.base import AwayError
from backend.services.postgres import Postgres

pytestmark = pytest.mark.anyio

T = TypeVar("T")

CITATION = Citation(
    number=2, chapter="Balance", heading="The ZMP", url="https://textbook.example/docs/05#zmp", quote="It is."
)


def exchange(question: str = "Where?") -> Exchange:
    return Exchange(question, "There [2].", "<p>There [2].</p>\n", [CITATION])


class Library:
    """A database with readers; every call is a transaction of its own, as a request is."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def do(self, work: Callable[[Memory], Awaitable[T]]) -> T:
        async with self._postgres.transaction() as db:
            return await work(Memory(db))

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[AsyncConnection]:
        async with self._postgres.transaction() as db:
            yield db

    async def rows(self, query: sa.Executable) -> list[Any]:
        async with self._postgres.transaction() as db:
            return list(await db.execute(query))

    async def reader(self) -> str:
        return await self.do(lambda memory: memory.begin_session())

    async def record(self, token: str, into: UUID | None = None, *, question: str = "Where?") -> UUID:
        return await self.do(lambda memory: memory.record(token, into, exchange(question)))

    async def read(self, token: str, conversation: UUID, **wanted: object) -> Transcript:
        paging = Paging.model_validate({"limit": 100, **wanted})
        return await self.do(lambda memory: memory.read_conversation(token, conversation, paging))

    async def page(self, token: str, *, limit: int = 100, before: str | None = None) -> Page:
        return await self.do(
            lambda memory: memory.list_conversations(token, Paging(limit=limit, before=before))
        )

    async def listed(self, token: str) -> list[UUID]:
        return [conversation.id for conversation in (await self.page(token)).conversations]


@pytest.fixture
async def library(postgres: Postgres) -> Library:
    return Library(postgres)


class TestTokens:
    async def test_are_kept_as_hashes_alone(self, library: Library) -> None:
        token = await library.reader()
        await library.record(token)
        kept = [
            str(row)
            for table in metadata.sorted_tables
            for row in await library.rows(sa.text(f"SELECT {table.name}::text FROM {table.name}"))
        ]
        assert kept
        assert not [row for row in kept if token in row or token.encode().hex() in row]
        assert any(hashlib.sha256(token.encode()).hexdigest() in row for row in kept)

    async def test_are_long_and_never_the_same(self, library: Library) -> None:
        tokens = {await library.reader() for _ in range(5)}
        assert len(tokens) == 5
        assert all(len(token) >= 43 for token in tokens)

    @pytest.mark.parametrize("token", ["unknown", "", "caf\xe9", "' OR 1=1 --", "x" * 10_000])
    async def test_that_nobody_has_open_nothing(self, library: Library, token: str) -> None:
        works: list[Callable[[Memory], Awaitable[object]]] = [
            lambda memory: memory.end_session(token),
            lambda memory: memory.recall(token, None),
            lambda memory: memory.record(token, None, exchange("q")),
            lambda memory: memory.list_conversations(token, Paging()),
            lambda memory: memory.read_conversation(token, uuid4(), Paging()),
            lambda memory: memory.delete_conversation(token, uuid4()),
        ]
        for work in works:
            with pytest.raises(UnknownTokenError):
                await library.do(work)

    async def test_open_nothing_once_the_session_has_ended(self, library: Library) -> None:
        token = await library.reader()
        await library.do(lambda memory: memory.end_session(token))
        with pytest.raises(UnknownTokenError):
            await library.page(token)


class TestAnotherReader:
    @pytest.fixture
    async def owner(self, library: Library) -> str:
        return await library.reader()

    @pytest.fixture
    async def conversation(self, library: Library, owner: str) -> UUID:
        return await library.record(owner)

    @pytest.fixture
    async def stranger(self, library: Library) -> str:
        return await library.reader()

    async def test_does_not_see_it(self, library: Library, stranger: str, conversation: UUID) -> None:
        assert await library.listed(stranger) == []

    @pytest.mark.parametrize("act", ["recall", "read", "delete", "write"])
    async def test_can_do_nothing_with_it(
        self, library: Library, owner: str, stranger: str, conversation: UUID, *, act: str
    ) -> None:
        before = await library.read(owner, conversation)
        acts: dict[str, Callable[[Memory], Awaitable[object]]] = {
            "recall": lambda memory: memory.recall(stranger, conversation),
            "read": lambda memory: memory.read_conversation(stranger, conversation, Paging()),
            "delete": lambda memory: memory.delete_conversation(stranger, conversation),
            "write": lambda memory: memory.record(stranger, conversation, exchange("mine")),
        }
        with pytest.raises(UnknownConversationError):
            await library.do(acts[act])
        assert await library.read(owner, conversation) == before

    async def test_learns_not_even_that_it_is_there(self, library: Library, stranger: str) -> None:
        with pytest.raises(UnknownConversationError):
            await library.read(stranger, uuid4())

    async def test_keeps_theirs_when_the_owner_leaves(
        self, library: Library, owner: str, stranger: str, conversation: UUID
    ) -> None:
        theirs = await library.record(stranger)
        await library.do(lambda memory: memory.end_session(owner))
        assert await library.listed(stranger) == [theirs]
        assert len((await library.read(stranger, theirs)).messages) == 2


class TestAConversation:
    @pytest.fixture
    async def token(self, library: Library) -> str:
        return await library.reader()

    async def test_begins_with_what_was_asked_and_answered(self, library: Library, token: str) -> None:
        read = await library.read(token, await library.record(token, question="Where\n is it?"))
        assert read.title == "Where is it?"
        assert [(m.role, m.content) for m in read.messages] == [
            ("user", "Where\n is it?"),
            ("assistant", "There [2]."),
        ]
        assert [m.citations for m in read.messages] == [[], [CITATION]]
        assert read.messages[1].content_html == "<p>There [2].</p>\n"
        assert read.created_at == read.updated_at
        assert read.created_at.utcoffset() is not None

    async def test_has_a_title_of_bounded_length(self, library: Library, token: str) -> None:
        read = await library.read(token, await library.record(token, question="x" * 2000))
        assert len(read.title) == TITLE
        assert read.title.endswith("...")

    async def test_goes_on_and_is_then_the_last_one(self, library: Library, token: str) -> None:
        first, second = await library.record(token), await library.record(token)
        assert await library.listed(token) == [second, first]
        assert await library.record(token, first, question="Why?") == first
        read = await library.read(token, first)
        assert [m.content for m in read.messages] == ["Where?", "There [2].", "Why?", "There [2]."]
        assert read.title == "Where?"
        assert read.updated_at > read.created_at
        assert await library.listed(token) == [first, second]

    async def test_is_recalled_from_its_last_messages_oldest_first(
        self, library: Library, token: str
    ) -> None:
        conversation = await library.record(token, question="question 0")
        for number in range(1, 5):
            await library.record(token, conversation, question=f"question {number}")
        recalled = await library.do(lambda memory: memory.recall(token, conversation))
        assert len(recalled) == HISTORY == 6
        assert [m.content for m in recalled[::2]] == ["question 2", "question 3", "question 4"]
        assert [m.role for m in recalled] == ["user", "assistant"] * 3

    async def test_that_is_new_recalls_nothing(self, library: Library, token: str) -> None:
        await library.record(token)
        assert await library.do(lambda memory: memory.recall(token, None)) == []

    async def test_takes_its_messages_with_it(self, library: Library, token: str) -> None:
        gone, kept = await library.record(token), await library.record(token)
        await library.do(lambda memory: memory.delete_conversation(token, gone))
        assert await library.listed(token) == [kept]
        assert await self.messages_of(library, gone, kept) == {kept}

    async def test_goes_with_its_session(self, library: Library, token: str) -> None:
        conversation = await library.record(token)
        await library.do(lambda memory: memory.end_session(token))
        assert await self.messages_of(library, conversation) == set()

    async def test_is_kept_whole_or_not_at_all(self, library: Library, token: str) -> None:
        async def fail(memory: Memory) -> None:
            await memory.record(token, None, exchange("q"))
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await library.do(fail)
        assert await library.listed(token) == []

    async def messages_of(self, library: Library, *conversations: UUID) -> set[UUID]:
        query = sa.select(messages.c.conversation_id).where(messages.c.conversation_id.in_(conversations))
        return {row.conversation_id for row in await library.rows(query)}


class TestPages:
    @pytest.fixture
    async def token(self, library: Library) -> str:
        """A reader with five conversations, all of them of the same moment."""
        token = await library.reader()

        async def record(memory: Memory) -> None:
            for _ in range(5):
                await memory.record(token, None, exchange("q"))

        await library.do(record)
        return token

    async def all_pages(self, library: Library, token: str, limit: int) -> list[list[Conversation]]:
        pages, page = [], await library.page(token, limit=limit)
        pages.append(page.conversations)
        while page.next is not None and len(pages) < 10:
            page = await library.page(token, limit=limit, before=page.next)
            pages.append(page.conversations)
        return pages

    @pytest.mark.parametrize(("limit", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (100, [5])])
    async def test_have_every_conversation_once(
        self, library: Library, token: str, limit: int, sizes: list[int]
    ) -> None:
        pages = await self.all_pages(library, token, limit)
        assert [len(page) for page in pages] == sizes
        found = [conversation for page in pages for conversation in page]
        assert len({conversation.updated_at for conversation in found}) == 1
        assert [conversation.id for conversation in found] == await library.listed(token)
        assert len({conversation.id for conversation in found}) == 5

    async def test_are_not_upset_by_what_comes_in_between(self, library: Library, token: str) -> None:
        first = await library.page(token, limit=3)
        await library.record(token)
        rest = await library.page(token, limit=100, before=first.next)
        assert len({c.id for c in (*first.conversations, *rest.conversations)}) == 5

    async def test_of_nothing_are_one_empty_page(self, library: Library) -> None:
        assert await library.page(await library.reader()) == Page(conversations=[], next=None)

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            "canary",
            "\N{SNOWMAN}",
            "=",
            base64.urlsafe_b64encode(b"\xff\xfe").decode(),
            base64.urlsafe_b64encode(b"2026-01-01T00:00:00+00:00").decode(),
            base64.urlsafe_b64encode(b"2026-01-01T00:00:00+00:00 no-uuid").decode(),
            base64.urlsafe_b64encode(f"yesterday {UUID(int=0)}".encode()).decode(),
        ],
    )
    async def test_have_no_place_for_a_cursor_that_none_of_them_gave(
        self, library: Library, token: str, cursor: str
    ) -> None:
        with pytest.raises(BadCursorError):
            await library.page(token, before=cursor)

    @pytest.mark.parametrize(
        "time", ["0001-01-01T00:00:00+14:00", "2026-01-01T00:00:00", "9999-12-31T23:59:59-14:00"]
    )
    async def test_begin_at_any_place_that_somebody_makes_up_without_a_failure(
        self, library: Library, token: str, time: str
    ) -> None:
        cursor = base64.urlsafe_b64encode(f"{time} {uuid4()}".encode()).decode()
        page = await library.page(token, before=cursor)
        assert len(page.conversations) == (5 if time.startswith("9999") else 0)

    async def test_of_another_reader_open_nothing_of_theirs(self, library: Library, token: str) -> None:
        before = (await library.page(token, limit=1)).next
        stranger = await library.reader()
        await library.record(stranger)
        assert (await library.page(stranger, before=before)).conversations == []


async def test_what_the_tables_refuse_is_told_without_what_it_was(library: Library) -> None:
    token = await library.reader()
    with pytest.raises(AwayError) as refused:
        await library.record(token, question="canary\x00")
    assert "canary" not in str(refused.value)


class TestATranscript:
    """It comes in pages from its end, and each answer in it was rendered when it was written."""

    @pytest.fixture
    async def token(self, library: Library) -> str:
        return await library.reader()

    @pytest.fixture
    async def conversation(self, library: Library, token: str) -> UUID:
        """Five questions with their answers."""
        conversation = await library.record(token, question="question 0")
        for number in range(1, 5):
            await library.record(token, conversation, question=f"question {number}")
        return conversation

    async def all_pages(
        self, library: Library, token: str, conversation: UUID, limit: int
    ) -> list[Transcript]:
        pages = [await library.read(token, conversation, limit=limit)]
        while (before := pages[-1].next) is not None and len(pages) < 20:
            pages.append(await library.read(token, conversation, limit=limit, before=before))
        return pages

    @pytest.mark.parametrize(
        ("limit", "sizes"), [(2, [2] * 5), (3, [3, 3, 3, 1]), (4, [4, 4, 2]), (10, [10])]
    )
    async def test_has_every_message_once(
        self, library: Library, token: str, conversation: UUID, limit: int, sizes: list[int]
    ) -> None:
        pages = await self.all_pages(library, token, conversation, limit)
        assert [len(page.messages) for page in pages] == sizes
        said = [message.content for page in reversed(pages) for message in page.messages]
        assert said[::2] == [f"question {number}" for number in range(5)]
        assert set(said[1::2]) == {"There [2]."}

    async def test_has_its_end_first(self, library: Library, token: str, conversation: UUID) -> None:
        page = await library.read(token, conversation, limit=2)
        assert [message.content for message in page.messages] == ["question 4", "There [2]."]

    @pytest.mark.parametrize("number", [b"", b"x", b"-1", b"\xff", b"9" * 20])
    async def test_has_no_place_for_a_cursor_that_none_of_its_pages_gave(
        self, library: Library, token: str, conversation: UUID, number: bytes
    ) -> None:
        with pytest.raises(BadCursorError):
            await library.read(token, conversation, before=base64.urlsafe_b64encode(number).decode())

    async def test_of_another_conversation_opens_nothing_of_it(
        self, library: Library, token: str, conversation: UUID
    ) -> None:
        other = await library.record(token, question="another")
        before = (await library.read(token, other, limit=1)).next
        said = [
            message.content for message in (await library.read(token, conversation, before=before)).messages
        ]
        assert "another" not in said

    async def test_is_not_rendered_again(
        self, library: Library, token: str, conversation: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backend.chat.rendering.to_html", None)
        read = await library.read(token, conversation)
        assert {m.content_html for m in read.messages if m.role == "user"} == {""}
        assert {m.content_html for m in read.messages if m.role == "assistant"} == {"<p>There [2].</p>\n"}
        assert len(await library.do(lambda memory: memory.recall(token, conversation))) == HISTORY

    async def test_that_is_older_is_rendered_when_it_is_read_and_never_again(
        self, library: Library, token: str, conversation: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with library.changing() as db:
            older = sa.update(messages).where(messages.c.conversation_id == conversation)
            await db.execute(older.values(content_html=None, content="**There**"))
        before = await library.read(token, conversation)
        assert [m.content_html for m in before.messages] == ["", "<p><strong>There</strong></p>\n"] * 5
        monkeypatch.setattr("backend.chat.rendering.to_html", None)
        assert await library.read(token, conversation) == before


class TestASession:
    @pytest.fixture
    async def token(self, library: Library) -> str:
        return await library.reader()

    async def unused_for(self, library: Library, time: timedelta, token: str) -> None:
        async with library.changing() as db:
            whose = sessions.c.token_hash == hashlib.sha256(token.encode()).digest()
            await db.execute(sa.update(sessions).where(whose).values(used_at=sa.func.now() - time))

    async def test_ends_when_it_was_not_used_for_long(self, library: Library, token: str) -> None:
        await self.unused_for(library, SESSION, token)
        with pytest.raises(UnknownTokenError):
            await library.page(token)

    async def test_goes_on_with_its_use(self, library: Library, token: str) -> None:
        for _ in range(3):
            await self.unused_for(library, SESSION - timedelta(hours=1), token)
            await library.page(token)
        whose = sessions.c.token_hash == hashlib.sha256(token.encode()).digest()
        ((unused,),) = await library.rows(sa.select(sa.func.now() - sessions.c.used_at).where(whose))
        assert unused < timedelta(hours=1)

    async def test_leaves_nothing_behind(self, library: Library, token: str) -> None:
        conversation = await library.record(token)
        kept = await library.record(other := await library.reader())
        await self.unused_for(library, SESSION, token)
        await library.reader()
        for table, column, gone in (
            (messages, messages.c.conversation_id, conversation),
            (conversations, conversations.c.id, conversation),
        ):
            assert await library.rows(sa.select(table).where(column == gone)) == []
        assert await library.listed(other) == [kept]

    async def test_that_left_much_is_removed_in_pieces(
        self, library: Library, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "SWEPT", 3)
        for _ in range(4):
            await library.record(token)
        await self.unused_for(library, SESSION, token)
        query = sa.select(sa.func.count()).select_from(messages.join(conversations).join(sessions))
        mine = query.where(sessions.c.token_hash == hashlib.sha256(token.encode()).digest())
        left = []
        for _ in range(6):
            await library.reader()
            left.append((await library.rows(mine))[0][0])
        assert left == [5, 2, 0, 0, 0, 0]
        gone = sa.select(sessions).where(sessions.c.used_at <= sa.func.now() - SESSION)
        assert await library.rows(gone) == []
