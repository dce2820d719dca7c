"""The API as the page sees it: a test scripts what it answers and reads what it was asked."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.integration.page.site import dressed, site_routes

WITHIN = 15.0  # seconds that a test waits for what must happen


class Gate:
    """Holds a stream until the test opens it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._opened = asyncio.Event()

    def open(self) -> None:
        self._loop.call_soon_threadsafe(self._opened.set)

    async def passed(self) -> None:
        await self._opened.wait()


class Cut:
    """The connection breaks here."""


Step = bytes | Gate | Cut


@dataclass
class Reply:
    """One answer of the API: a body, or the steps of a stream."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] | None = None
    left: threading.Event = field(default_factory=threading.Event)  # the client went before the end

    def response(self) -> Response:
        if self.steps is None:
            return Response(self.body, self.status, dict(self.headers))
        headers = {"Cache-Control": "no-cache"}
        return StreamingResponse(self._stream(), headers=headers, media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[bytes]:
        try:
            for step in self.steps or ():
                if isinstance(step, bytes):
                    yield step
                elif isinstance(step, Gate):
                    await step.passed()
                else:
                    raise ConnectionAbortedError
        except asyncio.CancelledError:
            self.left.set()
            raise


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization")


class Double:
    """Answers each route with the replies scripted for it, in their order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrival = threading.Condition()
        self.clear()

    def clear(self) -> None:
        self.asked: list[Asked] = []
        self._script: defaultdict[str, deque[Reply]] = defaultdict(deque)

    def gate(self) -> Gate:
        return Gate(self._loop)

    def on(self, route: str, *replies: Reply) -> None:
        """Script the replies of a route, named like "POST /api/chat"."""
        self._script[route].extend(replies)

    def to(self, route: str) -> list[Asked]:
        """Return what a route was asked so far."""
        return [asked for asked in self.asked if f"{asked.method} {asked.path}" == route]

    def wait_for(self, route: str, times: int = 1) -> Asked:
        """Wait until a route was asked so many times; return the last request."""
        with self._arrival:
            assert self._arrival.wait_for(lambda: len(self.to(route)) >= times, WITHIN), self.asked
        return self.to(route)[times - 1]

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        asked = Asked(request.method, request.url.path, request.url.query, dict(request.headers), body)
        with self._arrival:
            self.asked.append(asked)
            self._arrival.notify_all()
        script = self._script[f"{asked.method} {asked.path}"]
        return script.popleft().response() if script else Response(f"unscripted: {asked}", 500)


@dataclass(frozen=True)
class Site:
    """The running server: one address, under two names that are different sites to a browser."""

    double: Double
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def other(self) -> str:
        return f"http://localhost:{self.port}"


@contextmanager
def running_site() -> Iterator[Site]:
    """Serve the page and the double in a thread."""
    loop = asyncio.new_event_loop()
    double = Double(loop)
    app = Starlette(routes=[*site_routes(), Route("/api/{rest:path}", double.answer, methods=METHODS)])
    server = uvicorn.Server(
        uvicorn.Config(dressed(app), log_level="critical", timeout_graceful_shutdown=1, lifespan="off")
    )
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as listener:  # it queues whoever calls before the server is up
        serving = threading.Thread(target=_serve, args=(loop, server, listener))
        serving.start()
        try:
            yield Site(double, listener.getsockname()[1])
        finally:
            server.should_exit = True
            serving.join()


METHODS = ["GET", "POST", "DELETE"]


def _serve(loop: asyncio.AbstractEventLoop, server: uvicorn.Server, listener: socket.socket) -> None:
    loop.run_until_complete(server.serve([listener]))
    loop.close()
