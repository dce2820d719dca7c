"""A page, and an API for it and for a front end at another origin; a process of its own counts an archive."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from archive import count
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,"></head>
<body><h1>Notes</h1><p id="notes"></p>
<script>fetch("/api/notes").then((answer) => answer.json()).then((notes) => {
  document.getElementById("notes").textContent = notes.join(", ");
});</script></body></html>
"""

if missing := [name for name in ["API_TOKEN"] if not os.environ.get(name, "").strip()]:
    sys.exit(f"not set: {', '.join(missing)}")

log = logging.getLogger("uvicorn.error")


async def index() -> None:
    """Count in another process, so that the server answers meanwhile."""
    with ProcessPoolExecutor(1) as pool:
        try:
            log.info("%d feet in the archive", await asyncio.get_running_loop().run_in_executor(pool, count))
        except BrokenProcessPool:
            log.exception("the archive is not counted")


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    indexing = asyncio.create_task(index())
    yield
    await indexing


app = FastAPI(lifespan=lifespan)
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://notes.vercel.app", f"https://{os.environ.get('SPACE_HOST', 'localhost')}"],
    allow_methods=["GET"],
    allow_headers=["authorization"],
)


@app.head("/", include_in_schema=False)
@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@app.get("/api/notes")
async def notes() -> list[str]:
    return ["The zero moment point lies within the feet."]
