"""From a question to an answer: recall, embed, retrieve, answer, record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from backend.chat.errors import UnknownConversationError, UnknownTokenError
from backend.chat.memory import in_memory
from backend.chat.models import Answer, Citation, Exchange, Found, Notice, Question, Token, Utterance
from backend.chat.prompt import NOTHING_FOUND, citations_of, cited, messages_for
from backend.chat.reading import parts_of
from backend.chat.rendering import rendered
from backend.config import Settings
from backend.services.base import AwayError
from backend.services.budget import Budget
from backend.services.openai import Answering
from backend.services.qdrant import Passage
from backend.services.roster import Roster

Event = Found | Token | Notice | Answer


@dataclass
class Reply:
    """One question with all that is known of its answer."""

    question: Question
    token: str | None
    budget: Budget
    citations: list[Citation] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    history: list[Utterance] = field(default_factory=list)
    kept: bool = False  # whether the exchange will be recorded
    answering: Answering | None = None  # None when there is nothing to answer from

    def miss(self, service: Literal["postgres", "qdrant"], what: str, reason: AwayError) -> None:
        """Note what the reader has to do without."""
        self.notices.append(Notice(service=service, detail=f"{what}: {service} is away ({reason})."))

    async def close(self) -> None:
        """End the call to the model, if it still goes on."""
        if self.answering is not None:
            await self.answering.close()


class Assistant:
    """Answers from the book. Everything about one question shares one budget."""

    def __init__(self, roster: Roster, settings: Settings) -> None:
        self._roster = roster
        self._settings = settings

    async def begin(self, question: Question, token: str | None, budget: Budget) -> Reply:
        """Go as far as to the first part of the answer: what fails until then has a status of its own.

        Raises AwayError, StoppingError, UnknownTokenError and UnknownConversationError.
        """
        reply = Reply(question, token, budget)
        recalling = asyncio.create_task(self._recall(reply))
        try:
            passages = await self._retrieve(reply)
            await recalling
        finally:
            recalling.cancel()
        reply.citations = citations_of(passages, self._settings.textbook_url)
        if passages or question.selected_text:
            reply.answering = await self._ask(reply, passages)
        return reply

    async def events(self, reply: Reply) -> AsyncGenerator[Event, None]:
        """Yield what happens, an `Answer` at last; close the reply afterwards.

        Raises AwayError and StoppingError.
        """
        yield Found(citations=reply.citations)
        for notice in tuple(reply.notices):
            yield notice
        parts = []
        async with aclosing(self._parts(reply)) as coming:
            async for part in coming:
                parts.append(part)
                yield Token(text=part)
        for event in await self._end(reply, "".join(parts)):
            yield event

    async def _recall(self, reply: Reply) -> None:
        if (token := reply.token) is None:
            return
        conversation = reply.question.conversation_id
        try:
            reply.history = await in_memory(
                self._roster, lambda memory: memory.recall(token, conversation), reply.budget
            )
            reply.kept = True
        except AwayError as reason:
            reply.miss("postgres", "This conversation is not kept", reason)

    async def _retrieve(self, reply: Reply) -> Sequence[Passage]:
        question, settings = reply.question, self._settings
        text = "\n".join(filter(None, (question.question, question.selected_text)))
        (vector,) = await self._roster.call("openai", lambda to: to.openai.embed([text]), reply.budget)
        try:
            return await self._roster.call(
                "qdrant",
                lambda to: to.qdrant.search(
                    vector, limit=settings.retrieval_limit, min_score=settings.retrieval_min_score
                ),
                reply.budget,
            )
        except AwayError as reason:
            if not question.selected_text:
                raise
            reply.miss("qdrant", "The answer stands on the marked passage alone", reason)
            return []

    async def _ask(self, reply: Reply, passages: Sequence[Passage]) -> Answering:
        messages = messages_for(reply.question, passages, reply.history)
        return await self._roster.call(
            "openai",
            lambda to: to.openai.answer(messages),
            reply.budget,
            at_most=self._settings.answer_timeout,
        )

    async def _parts(self, reply: Reply) -> AsyncGenerator[str, None]:
        if reply.answering is None:
            return
        try:
            parts = parts_of(reply.answering, reply.budget, silence=self._settings.answer_timeout)
            async with aclosing(parts) as coming:
                async for part in coming:
                    if part:
                        yield part
        except AwayError as reason:
            raise self._roster.noted("openai", reason) from None

    async def _end(self, reply: Reply, text: str) -> list[Event]:
        grounded = reply.answering is not None
        said = text if grounded else NOTHING_FOUND
        told: list[Event] = [] if grounded else [Token(text=said)]
        citations = cited(said, reply.citations)
        seen = len(reply.notices)
        if reply.answering is not None and reply.answering.finish_reason == "length":
            reply.notices.append(Notice(service="openai", detail="The answer ends at its length limit."))
        html = await rendered(said)
        exchange = Exchange(reply.question.question, said, html, citations)
        conversation = await self._record(reply, exchange)
        told.extend(reply.notices[seen:])
        answer = Answer(
            answer=said,
            answer_html=html,
            grounded=grounded,
            citations=citations,
            conversation_id=conversation,
            notices=reply.notices,
        )
        return [*told, answer]

    async def _record(self, reply: Reply, exchange: Exchange) -> UUID | None:
        if not reply.kept or (token := reply.token) is None:
            return None
        conversation = reply.question.conversation_id
        try:
            return await in_memory(
                self._roster,
                lambda memory: memory.record(token, conversation, exchange),
                reply.budget,
                tries=1,  # it may have been kept although no answer came
            )
        except AwayError as reason:
            reply.miss("postgres", "This exchange is not kept", reason)
        except (UnknownTokenError, UnknownConversationError):  # deleted while the answer was written
            pass
        return None
