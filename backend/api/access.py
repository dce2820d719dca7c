"""An id and a line in the log for each request."""

from __future__ import annotations

import logging
import re
import time
from uuid import uuid4

from asgi_correlation_id import correlation_id
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

MAX_PATH = 200  # characters of a path that has no route
QUIET = {"/health"}  # asked all day by who watches the Space: while it is well, told at DEBUG alone


class AccessLog:
    """Middleware that writes down what was asked and answered: no query, no body, no address.

    The id is the caller's where it may go into the log, and ours otherwise. asgi-correlation-id has a
    middleware for that too, which takes more time than all of /health.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began, request = 0, time.monotonic(), _id_of(scope)
        header = (b"x-request-id", request.encode())
        correlation_id.set(request)

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            path = _route(scope)
            level = logging.DEBUG if path in QUIET and status == 200 else logging.INFO
            if log.isEnabledFor(level):
                elapsed = round((time.monotonic() - began) * 1000)
                asked = {"method": scope["method"], "path": path}
                log.log(level, "request", extra={**asked, "status": status, "milliseconds": elapsed})


def _id_of(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode(
        "latin-1"
    )
    return given if re.fullmatch(r"[\w.-]{8,64}", given, re.ASCII) else uuid4().hex


def _route(scope: Scope) -> str:
    """The route's pattern, so that no conversation's id is written; of what has no route, the path."""
    return str(getattr(scope.get("route"), "path", scope["path"]))[:MAX_PATH]
