"""How the application is served behind the platform's proxy."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import FrameType

import uvicorn
from sse_starlette.sse import AppStatus

from backend.config import Settings
from backend.connections import CONNECTIONS, Watch
from backend.logs import start_logging
from backend.main import Backend, create_app

# Docker kills ten seconds after it asked for a stop; the platform's own grace is not documented.
GRACE = 8  # seconds until what is still open is cut off
MAX_HEAD = 16 * 1024  # bytes of a request's first line and headers
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
        # It would take the first word of X-Forwarded-For for the peer, which is the client's own. TLS ends at
        # the platform's proxy, and nothing that is answered here holds an absolute address of our own.
        proxy_headers=False,
        http="h11",  # whose state the watch over the connections reads
        ws="none",
        h11_max_incomplete_event_size=MAX_HEAD,
        limit_concurrency=2 * CONNECTIONS,  # beyond it a request is a 503
    )


class Server(uvicorn.Server):
    """Lets requests in flight end by themselves when it is told to stop."""

    def __init__(self, config: uvicorn.Config, app: Backend) -> None:
        super().__init__(config)
        self._app = app
        self._watch = Watch()

    async def on_tick(self, counter: int) -> bool:
        """Look at the connections every half a second."""
        if counter % 5 == 0:
            self._watch.look(tuple(self.server_state.connections), asyncio.get_running_loop().time())
        return await super().on_tick(counter)

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
