"""A request that is driven by hand: one sees what the application sends, and can hang up in the middle."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Self

from starlette.types import ASGIApp, Message

PATIENCE = 10.0  # seconds for what comes at once


class Call:
    """A request to `app`, with `more` one whose body goes on. A context manager: leaving ends it."""

    def __init__(
        self,
        app: ASGIApp,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        more: bool = False,
        query: str = "",
    ) -> None:
        self._app = app
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
            "client": ("192.0.2.1", 40000),
            "server": ("space.test", 80),
        }
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._incoming.put_nowait({"type": "http.request", "body": body, "more_body": more})
        self._news = asyncio.Condition()
        self.sent: list[Message] = []

    async def __aenter__(self) -> Self:
        self.running = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.wait((self.running,))

    def hang_up(self) -> None:
        """Be gone."""
        self._incoming.put_nowait({"type": "http.disconnect"})

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, which is looked at with everything that is sent."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(holds)

    async def end(self) -> None:
        """Wait for the application's return. Raises what it raises."""
        async with asyncio.timeout(PATIENCE):
            await self.running

    @property
    def status(self) -> int | None:
        """The status, None before it is known."""
        return next((m["status"] for m in self.sent if m["type"] == "http.response.start"), None)

    @property
    def text(self) -> str:
        """The body so far."""
        return b"".join(message.get("body", b"") for message in self.sent).decode()

    async def _run(self) -> None:
        await self._app(self._scope, self._receive, self._send)

    async def _receive(self) -> Message:
        message = await self._incoming.get()
        if message["type"] == "http.disconnect":
            self._incoming.put_nowait(message)  # servers say so as often as they are asked
        return message

    async def _send(self, message: Message) -> None:
        async with self._news:
            self.sent.append(message)
            self._news.notify_all()


def events(stream: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the events of a stream with their data, comments left out."""
    found = []
    for block in stream.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            fields = dict(line.split(": ", 1) for line in lines)
            found.append((fields["event"], json.loads(fields["data"])))
    return found
