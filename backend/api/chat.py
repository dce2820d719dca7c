"""Questions and answers, whole or as they are written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar, cast

from fastapi import APIRouter, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from backend.api.dependencies import MaybeToken, Services, Time, limited
from backend.api.problems import documented, problem_of
from backend.chat.errors import UnknownTokenError
from backend.chat.models import Answer, Question
from backend.config import Settings
from backend.services.base import AwayError
from backend.services.budget import StoppingError

if TYPE_CHECKING:
    from backend.chat.assistant import Assistant, Reply

T = TypeVar("T")

log = logging.getLogger(__name__)

router = APIRouter(prefix="/api/chat", tags=["chat"], dependencies=[limited])

EVENTS = "text/event-stream"
STREAM = """\
event: citations
data: {"citations": [...]}

event: token
data: {"text": "It is "}

event: done
data: {"answer": "It is ...", ...}
"""


@router.post(
    "",
    response_model=Answer,
    responses={
        200: {
            "description": "The answer. With `Accept: text/event-stream` a stream: `citations`, then `token` "
            "and `notice`, and at last `done` with the answer, or `error` with a problem.",
            "content": {EVENTS: {"schema": {"type": "string"}, "example": STREAM}},
        },
        **documented(401, 404, 413, 429, 503),
    },
)
async def chat(
    request: Request, question: Question, services: Services, budget: Time, token: MaybeToken
) -> Response | Answer:
    """Ask the book. Without a token nothing is kept."""
    if question.conversation_id is not None and token is None:
        raise UnknownTokenError
    await services.services()
    from backend.chat.assistant import Assistant  # noqa: PLC0415  comes with the services' clients

    settings: Settings = request.app.state.settings
    assistant = Assistant(services, settings)
    reply = await _unless_hung_up(request, assistant.begin(question, token, budget))
    if EVENTS not in request.headers.get("accept", ""):
        return await _unless_hung_up(request, _whole(assistant, reply))
    return EventSourceResponse(
        _stream(assistant, reply),
        ping=settings.heartbeat,
        ping_message_factory=_heartbeat,
        background=BackgroundTask(reply.close),  # also when the client was gone before the first event
        # The library's own is no-store, and Chromium then counts a stream that a script reads to its end as
        # aborted. Nobody may store what answers a POST.
        headers={"Cache-Control": "no-cache"},
    )


async def _whole(assistant: Assistant, reply: Reply) -> Answer:
    try:
        *_, answer = [event async for event in assistant.events(reply)]
    finally:
        await reply.close()
    return cast("Answer", answer)  # the last event, or an error instead


async def _stream(assistant: Assistant, reply: Reply) -> AsyncIterator[ServerSentEvent]:
    """Say what happens; a stream that nobody broke off ends with `done` or `error`."""
    try:
        async with aclosing(assistant.events(reply)) as events:
            async for event in events:
                yield _event(event.event, event.model_dump_json())
    except Exception as error:
        if not isinstance(error, AwayError | StoppingError):
            log.exception("a stream failed")
        problem, _ = problem_of(error)
        yield _event("error", problem.model_dump_json(exclude_none=True))


def _event(name: str, data: str) -> ServerSentEvent:
    return ServerSentEvent(data, event=name, sep="\n")


def _heartbeat() -> ServerSentEvent:
    """A comment, which clients pass over: proxies give up on streams that are silent for about a minute."""
    return ServerSentEvent(comment="heartbeat", sep="\n")


async def _unless_hung_up(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do the work, but end it when the client hangs up: an answer that nobody reads costs money.

    Raises ClientDisconnect.
    """
    working, watching = asyncio.create_task(work), asyncio.create_task(_hang_up(request))
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.wait((working, watching))


async def _hang_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
