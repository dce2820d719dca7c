"""The page and the API, and beside them a process of its own that counts an archive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from app import app
from archive import count
from fastapi import FastAPI

log = logging.getLogger("uvicorn.error")
indexed = asyncio.Event()


async def index() -> None:
    """Count in another process, so that the server answers meanwhile."""
    with ProcessPoolExecutor(1) as pool:
        try:
            log.info("%d feet in the archive", await asyncio.get_running_loop().run_in_executor(pool, count))
        except BrokenProcessPool:
            log.exception("the archive is not counted")
    indexed.set()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    indexing = asyncio.create_task(index())
    yield
    await indexing


@app.get("/api/archive")
async def archive() -> str:
    await indexed.wait()
    return "Each page is about feet."


app.router.lifespan_context = lifespan
