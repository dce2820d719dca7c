"""A book, a model and a memory that say what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID, uuid4

from backend.chat.errors import UnknownConversationError, UnknownTokenError
from backend.chat.models import Citation, Exchange, Utterance
from backend.services.base import AwayError
from backend.services.qdrant import Passage
from tests.unit.backend.conftest import FakeService

TOKEN = "token-canary-of-a-reader"
BOOK = (
    Passage("Balance", "The zero moment point", "05-balance", "zero-moment-point", "It is on the ground."),
    Passage("Walking", "The gait", "06-walking", "the-gait", "A gait repeats."),
)
VECTOR = [0.5, 0.25]

Part = str | Exception | asyncio.Event


class FakeAnswering:
    """An answer that is written part by part: an event is waited for, an error is raised."""

    def __init__(self, parts: Sequence[Part], finish_reason: str) -> None:
        self._parts = list(parts)
        self.finish_reason = finish_reason
        self.closed = False

    async def read(self) -> str | None:
        if not self._parts:
            return None
        part = self._parts.pop(0)
        if isinstance(part, Exception):
            raise part
        if isinstance(part, asyncio.Event):
            await part.wait()
            return ""
        return part

    async def close(self) -> None:
        self.closed = True


async def meet(service: FakeService, away: str | Exception = "") -> None:
    """Be silent or away, as the service is."""
    if service.silent:
        await service.answering.wait()
    if isinstance(trouble := away or service.away, Exception):
        raise trouble
    if trouble:
        raise AwayError(trouble, passing=False)


@dataclass
class Model(FakeService):
    """OpenAI. `told` has what each answer was asked with."""

    name: str = "openai"
    parts: Sequence[Part] = ("It is on ", "the ground [1].")
    finish_reason: str = "stop"
    refusal: str | Exception = ""  # of answers alone
    embedded: list[list[str]] = field(default_factory=list)
    told: list[list[dict[str, str]]] = field(default_factory=list)
    written: list[FakeAnswering] = field(default_factory=list)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.embedded.append(list(texts))
        await meet(self)
        return [VECTOR for _ in texts]

    async def answer(self, messages: list[dict[str, str]]) -> FakeAnswering:
        self.told.append(messages)
        await meet(self, self.refusal)
        self.written.append(FakeAnswering(self.parts, self.finish_reason))
        return self.written[-1]


@dataclass
class Book(FakeService):
    """Qdrant. `searched` has what it was asked with."""

    name: str = "qdrant"
    passages: Sequence[Passage] = BOOK
    searched: list[dict[str, object]] = field(default_factory=list)

    async def search(self, vector: list[float], *, limit: int, min_score: float) -> list[Passage]:
        self.searched.append({"vector": vector, "limit": limit, "min_score": min_score})
        await meet(self)
        return list(self.passages)


class Notebook:
    """What is kept of readers, as `backend.chat.memory.Memory` keeps it."""

    def __init__(self) -> None:
        self.readers: dict[str, dict[UUID, list[Utterance]]] = {TOKEN: {}}
        self.citations: list[Citation] = []

    async def begin_session(self) -> str:
        token = f"token-canary-{len(self.readers)}"
        self.readers[token] = {}
        return token

    async def end_session(self, token: str) -> None:
        self._conversations(token)
        del self.readers[token]

    async def recall(self, token: str, conversation: UUID | None) -> list[Utterance]:
        conversations = self._conversations(token)
        if conversation is None:
            return []
        if conversation not in conversations:
            raise UnknownConversationError
        return conversations[conversation]

    async def record(self, token: str, conversation: UUID | None, exchange: Exchange) -> UUID:
        conversation = conversation or uuid4()
        said = self._conversations(token).setdefault(conversation, [])
        said += [message("user", exchange.question), message("assistant", exchange.answer)]
        self.citations = list(exchange.citations)
        return conversation

    def _conversations(self, token: str) -> dict[UUID, list[Utterance]]:
        if token not in self.readers:
            raise UnknownTokenError
        return self.readers[token]


@dataclass
class Shelf(FakeService):
    """Postgres. Its connection is the notebook itself; `memory` makes the backend take it for its memory.

    Entries of `failures` are met by one transaction each, None by one that goes well.
    """

    name: str = "postgres"
    notebook: Notebook = field(default_factory=Notebook)
    transactions: int = 0
    failures: list[Exception | None] = field(default_factory=list)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Notebook]:
        self.transactions += 1
        await meet(self)
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        yield self.notebook


def message(role: Literal["user", "assistant"], content: str) -> Utterance:
    """Something that was said before."""
    return Utterance(role=role, content=content)
