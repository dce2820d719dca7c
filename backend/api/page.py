"""The chat page, for whoever opens the Space."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parents[1] / "static"
OFFICIAL = "api.openai.com"
_PLACE = "<!-- who answers -->"

# huggingface.co shows the Space in a frame; X-Frame-Options knows no list and would blank it there.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "frame-ancestors 'self' https://huggingface.co",  # anybody can have a page below hf.space
        "base-uri 'none'",
        "form-action 'self'",
        "object-src 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


class _Files(StaticFiles):
    """Files that a browser asks for anew: modules of two versions of the page do not fit together."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, or 304 where the browser has it."""
        response = await super().get_response(path, scope)
        response.headers.update({"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"})
        return response


files = _Files(directory=STATIC, check_dir=False)


@router.get("/")
def page(request: Request) -> Response:
    """Show the chat."""
    answering = urlsplit(request.app.state.settings.openai_base_url)
    if answering.hostname == OFFICIAL:
        return FileResponse(STATIC / "index.html", headers=HEADERS)
    return HTMLResponse(naming(answering.netloc), headers=HEADERS)


def naming(host: str) -> str:
    """Return the page with a line that says who answers in OpenAI's place: a stub, a proxy."""
    line = f'<p class="provider">Answers come from <b>{escape(host)}</b>, not from {OFFICIAL}.</p>'
    return (STATIC / "index.html").read_text(encoding="utf-8").replace(_PLACE, line)


@router.get("/favicon.ico")
def icon() -> FileResponse:
    """What a browser asks for where what it shows names no icon, as the interface's description."""
    return FileResponse(STATIC / "favicon.svg", headers={"Cache-Control": "max-age=86400"})
