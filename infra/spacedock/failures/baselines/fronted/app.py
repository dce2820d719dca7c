"""A page, an API for it and for a front end at another origin, a stream, a WebSocket, and limits."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, StreamingResponse
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from slowapi.util import get_remote_address

NOTES = "The zero moment point lies within the feet. A gait is a sequence of steps. A servo holds an angle."
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,"></head>
<body><h1>Notes</h1><p id="notes"></p>
<script>const notes = new EventSource("/api/read");
notes.onmessage = (event) => document.getElementById("notes").append(event.data + " ");
notes.onerror = () => notes.close();</script></body></html>
"""

if missing := [name for name in ["API_TOKEN"] if not os.environ.get(name, "").strip()]:
    sys.exit(f"not set: {', '.join(missing)}")

limiter = Limiter(key_func=get_remote_address, headers_enabled=True)
app = FastAPI()
app.state.limiter = limiter
app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://notes.vercel.app", f"https://{os.environ.get('SPACE_HOST', 'localhost')}"],
    allow_methods=["GET"],
    allow_headers=["authorization"],
)


@app.head("/", include_in_schema=False)
@app.get("/", response_class=HTMLResponse)
@limiter.limit("1000/hour")
async def page(request: Request, response: Response) -> str:
    return PAGE


@app.get("/api/notes")
async def notes() -> str:
    return NOTES


@app.post("/api/ask")
@limiter.limit("3/hour")
async def ask(request: Request, response: Response) -> str:
    return NOTES


@app.get("/api/read")
async def read() -> StreamingResponse:
    return StreamingResponse(words(), media_type="text/event-stream")


async def words() -> AsyncIterator[str]:
    for word in NOTES.split():
        yield f"data: {word}\n\n"
        await asyncio.sleep(0.05)


@app.get("/api/think")
async def think() -> str:
    await asyncio.sleep(5)  # longer than some proxies wait
    return NOTES


@app.websocket("/ws")
async def speak(socket: WebSocket) -> None:
    await socket.accept()
    for word in NOTES.split():
        await socket.send_text(word)
    await socket.close()
