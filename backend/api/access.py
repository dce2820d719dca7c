"""One line in the log for each request."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)


class AccessLog:
    """Middleware that writes down what was asked and answered: no query, no body, no address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 0, time.monotonic()

        async def send_noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            elapsed = round((time.monotonic() - began) * 1000)
            asked = {"method": scope["method"], "path": _route(scope)}
            log.info("request", extra={**asked, "status": status, "milliseconds": elapsed})


def _route(scope: Scope) -> str:
    """The route's pattern, so that no conversation's id is written; of what has no route, the path."""
    return str(getattr(scope.get("route"), "path", scope["path"]))
