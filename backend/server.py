"""How the application is served behind the platform's proxy."""

from __future__ import annotations

from contextlib import suppress

import uvicorn

from backend.config import Settings
from backend.logs import start_logging
from backend.main import create_app

# Docker kills ten seconds after it asked for a stop; the platform's own grace is not documented.
GRACE = 8


def server_config(settings: Settings, *, host: str, port: int) -> uvicorn.Config:
    """Everything that uvicorn is told."""
    return uvicorn.Config(
        create_app(settings),
        host=host,
        port=port,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        # TLS ends at the platform's proxy, which calls from a 10.x address and says in X-Forwarded-Proto what
        # the browser used. By default uvicorn believes that from loopback only, and redirects lead to http://
        # (uvicorn documentation, "Settings", --forwarded-allow-ips). Only the proxy can reach the container.
        # The client's address must not be taken from here: what comes first in X-Forwarded-For can be forged.
        proxy_headers=True,
        forwarded_allow_ips="*",
    )


def serve(settings: Settings, *, host: str, port: int) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code."""
    start_logging(settings.log_level)
    server = uvicorn.Server(server_config(settings, host=host, port=port))
    with suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 1
