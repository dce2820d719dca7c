"""Nothing that a reader sends keeps the event loop from everybody else.

What counts is the processor time of the loop's own thread within one step, which a busy machine does not
change; and it is held against what an ordinary question takes.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from backend.api.limits import MAX_BODY
from backend.chat.rendering import MAX_TEXT
from backend.main import Backend, create_app
from backend.server import MAX_HEAD
from tests.unit.backend.asgi import Call
from tests.unit.backend.conftest import Configure, Services
from tests.unit.backend.fakes import Book, Model, Shelf

pytestmark = pytest.mark.anyio

TIMES = 10  # as long as an ordinary question's longest step
LEAST = 0.002  # seconds: what is less than that is never taken for long
ROUNDS = 3  # of which the best counts: a collection of garbage falls into any step
JSON = {"Content-Type": "application/json"}
TABLE = ("|" * 60 + "\n" + "|" + "-|" * 59 + "\n" + "a\n" * 2000)[:2000]


@dataclass(frozen=True)
class Sent:
    """What a reader sends, and what the model says to it."""

    body: bytes = b'{"question": "Where is it?"}'
    headers: Mapping[str, str] | None = None
    path: str = "/api/chat"
    query: str = ""
    said: str = "It is **there** [1]."


def asked(**more: str) -> bytes:
    return json.dumps({"question": "Where is it?", **more}).encode()


PLAIN = Sent()
LONG_HEAD = MAX_HEAD - 1024
HOSTILE = {
    "a question that is a table": Sent(asked(question=TABLE)),
    "an answer that is a table": Sent(said=TABLE),
    "an answer of brackets": Sent(said="![" * (MAX_TEXT // 2)),
    "an answer that is too long to be rendered": Sent(said="[a](b) " * MAX_TEXT),
    "an answer of numbers": Sent(said="[1]" * (MAX_TEXT // 3)),
    "a body of fields": Sent(json.dumps({f"f{n}": 1 for n in range(MAX_BODY // 11)}).encode()),
    "a deep body": Sent(b"[" * MAX_BODY),
    "a long number": Sent(b'{"question": ' + b"9" * (MAX_BODY - 20) + b"}"),
    "a body of escapes": Sent(b'{"question": "' + b"\\ud83d" * 10_000 + b'"}'),
    "a passage of spaces": Sent(asked(selected_text=" " * 60_000)),
    "a type of quotes": Sent(headers={"Content-Type": "application/json;" + '";' * (LONG_HEAD // 2)}),
    "forwarded by many": Sent(headers={**JSON, "X-Forwarded-For": "::1," * (LONG_HEAD // 4)}),
    "an origin without an end": Sent(
        headers={**JSON, "Origin": "https://textbook-git-" + "a-" * (LONG_HEAD // 2)}
    ),
    "a long path": Sent(path="/static/" + "../" * (LONG_HEAD // 3)),
    "a query of fields": Sent(path="/health", query="a=&" * (LONG_HEAD // 3)),
}


class LoopWatch:
    """The longest step of the loop, in seconds of its thread's processor time."""

    longest = 0.0

    @contextmanager
    def looking(self) -> Iterator[None]:
        run = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            began = time.thread_time()
            try:
                run(handle)
            finally:
                self.longest = max(self.longest, time.thread_time() - began)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio.Handle, "_run", timed)
            yield


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def app(configure: Configure, model: Model) -> Backend:
    settings = configure(RATE_LIMIT="1000/second", CORS_VERCEL_PREVIEW="acme/textbook")
    return create_app(settings, roster=Services(Shelf(), Book(), model).roster())


async def longest_step(app: Backend, model: Model, sent: Sent) -> float:
    """The best of some rounds."""
    found = []
    for _ in range(ROUNDS):
        model.parts = [sent.said]
        watch = LoopWatch()
        call = Call(app, sent.path, body=sent.body, headers=sent.headers or JSON, query=sent.query)
        with watch.looking():
            async with call:
                await call.end()
        assert call.status
        found.append(watch.longest)
    return min(found)


@pytest.mark.parametrize("sent", HOSTILE.values(), ids=HOSTILE)
async def test_the_loop_is_not_held_up(app: Backend, model: Model, sent: Sent) -> None:
    ordinary = await longest_step(app, model, PLAIN)
    assert await longest_step(app, model, sent) < max(LEAST, ordinary) * TIMES


async def test_a_step_that_takes_long_is_seen() -> None:
    watch = LoopWatch()
    with watch.looking():
        until = time.thread_time() + 0.02
        asyncio.get_running_loop().call_soon(
            lambda: [None for _ in iter(lambda: time.thread_time() < until, False)]
        )
        await asyncio.sleep(0.001)
    assert watch.longest > 0.01
