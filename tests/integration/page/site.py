"""How the page is served: the real files, under the headers that the Space sends."""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.page import naming

STATIC = Path(__file__).parents[3] / "backend" / "static"
ELSEWHERE = "/elsewhere"
POLICY = "default-src 'self'; frame-ancestors *"
FRAME = "/frame"


def site_routes() -> list[BaseRoute]:
    """The page, that of another provider's Space, the files, and a page of another site that frames it."""
    return [
        Route("/", lambda _: FileResponse(STATIC / "index.html")),
        Route(ELSEWHERE, lambda _: HTMLResponse(naming("a-provider-with-a-long-name.example:8443"))),
        Route(FRAME, _frame),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def dressed(app: ASGIApp) -> ASGIApp:
    """Put the policy on everything but the framing page, which stands for a site of its own.

    A sandboxed frame has no origin, so that even its own server's files are another origin's to it; CORS lets
    it have them.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] != FRAME:
                MutableHeaders(scope=message)["Content-Security-Policy"] = POLICY
            await send(message)

        await app(scope, receive, send_dressed)

    return CORSMiddleware(answer, allow_origins=["*"], allow_headers=["*"], allow_methods=["*"])


async def _frame(request: Request) -> Response:
    sandbox = request.query_params.get("sandbox")
    attribute = f' sandbox="{sandbox}"' if sandbox else ""
    source = request.query_params["of"]
    return HTMLResponse(
        f'<!doctype html><title>f</title><iframe src="{source}"{attribute} width=800 height=600>'
    )
