"""Where the time of /health goes: microseconds of processor time a request, layer by layer, in one run.

    python benchmarks/backend/layers.py

No socket and no server: each application is called as uvicorn would call it, in turn, and the best round of
each counts, so that a busy machine changes little. The first is the bare route that `bare.py` serves.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Scope

from backend.api.access import AccessLog
from backend.api.cors import CrossOrigin
from backend.api.head import HeadAsGet
from backend.api.limits import BodyLimit
from backend.main import Backend, create_app

ROUNDS = 30
REQUESTS = 500
SETTINGS = {
    "OPENAI_API_KEY": "sk-nobody",
    "QDRANT_API_KEY": "nobody",
    "QDRANT_URL": "http://127.0.0.1:1",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
}


def bare() -> FastAPI:
    """The measure."""
    app = FastAPI()

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    return app


def layers(app: Backend) -> Mapping[str, ASGIApp]:
    """The backend, and what it has around its routes one by one."""
    routes = super(Backend, app).build_middleware_stack()
    limited = HeadAsGet(BodyLimit(routes))
    logged = AccessLog(limited)
    return {
        "our route": routes,
        "and HEAD, the body's limit": limited,
        "and the id, the line": logged,
        "and CORS": CrossOrigin(logged, app.settings),
    }


async def microseconds(app: ASGIApp, owner: FastAPI) -> float:
    """What one request takes."""
    headers = [(b"host", b"space.test"), (b"user-agent", b"bench")]

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        pass

    def scope() -> Scope:
        asked = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "root_path": ""}
        path = {"path": "/health", "raw_path": b"/health", "query_string": b"", "headers": headers}
        return {**asked, **path, "asgi": {"version": "3.0"}, "server": ("space.test", 80), "app": owner}

    began = time.thread_time()
    for _ in range(REQUESTS):
        await app(scope(), receive, send)
    return (time.thread_time() - began) / REQUESTS * 1e6


async def main() -> None:
    """Measure and print."""
    os.environ.update(SETTINGS)
    ours, measure = create_app(), bare()
    apps: dict[str, tuple[ASGIApp, FastAPI]] = {"a bare route": (measure, measure)}
    apps |= {name: (app, ours) for name, app in layers(ours).items()}
    best = dict.fromkeys(apps, float("inf"))
    for _ in range(ROUNDS):
        for name, (app, owner) in apps.items():
            best[name] = min(best[name], await microseconds(app, owner))
    for name, time_ in best.items():
        print(f"{name:28} {time_:6.1f} µs")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
