"""The page and the API, and a way to sign in elsewhere."""

from __future__ import annotations

from urllib.parse import urlencode

from app import app
from fastapi import Request
from fastapi.responses import RedirectResponse


@app.get("/login")
async def login(request: Request) -> RedirectResponse:
    back = str(request.url_for("signed_in"))
    asked = urlencode({"client_id": "notes", "response_type": "code", "redirect_uri": back})
    return RedirectResponse(f"https://provider.example/authorize?{asked}")


@app.get("/signed-in")
async def signed_in() -> str:
    return "Welcome."
