"""The chat page, for whoever opens the Space."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parents[1] / "static"

# huggingface.co shows the Space in a frame; X-Frame-Options knows no list and would blank it there.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
        "base-uri 'none'",
        "form-action 'self'",
        "object-src 'none'",
    )
)

router = APIRouter(include_in_schema=False)
files = StaticFiles(directory=STATIC, check_dir=False)


@router.head("/")
@router.get("/")
async def page() -> FileResponse:
    """Show the chat."""
    headers = {
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
    return FileResponse(STATIC / "index.html", headers=headers)
