"""How the application is served behind the platform's proxy."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import FrameType

import uvicorn
from sse_starlette.sse import AppStatus

from backend.config import Settings
from backend.logs import start_logging
from backend.main import Backend, create_app

# Docker kills ten seconds after it asked for a stop; the platform's own grace is not documented.
GRACE = 8  # seconds until what is still open is cut off
LAST_WORDS = 6.0  # seconds for requests in flight, which then end by themselves, streams with a final event


def server_config(app: Backend, *, host: str, port: int) -> uvicorn.Config:
    """Everything that uvicorn is told."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # ours has the request's id, and the route instead of the client's address
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        # TLS ends at the platform's proxy, which calls from a 10.x address and says in X-Forwarded-Proto what
        # the browser used. By default uvicorn believes that from loopback only, and redirects lead to http://
        # (uvicorn documentation, "Settings", --forwarded-allow-ips). Only the proxy can reach the container.
        # The client's address must not be taken from here: what comes first in X-Forwarded-For can be forged.
        proxy_headers=True,
        forwarded_allow_ips="*",
    )


class Server(uvicorn.Server):
    """Lets requests in flight end by themselves when it is told to stop."""

    def __init__(self, config: uvicorn.Config, app: Backend) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Shorten the time of every request, then stop as ever."""
        # A signal comes in the middle of anything, and time-outs belong to the loop.
        asyncio.get_running_loop().call_soon_threadsafe(self._app.state.budgets.cut, LAST_WORDS)
        super().handle_exit(sig, frame)


def serve(settings: Settings, *, host: str, port: int) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code."""
    start_logging(settings.log_level)
    # It would break streams off without a final event.
    AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]
    app = create_app(settings)
    server = Server(server_config(app, host=host, port=port), app)
    with suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 1
