"""The page and the API, and beside them a task that asks a service for news."""

from __future__ import annotations

import asyncio
import logging

import httpx
import uvicorn
from app import app

NEWS = "https://news.example.com/latest"
PAUSE = 1.0  # seconds

logger = logging.getLogger(__name__)
asked = asyncio.Event()


@app.get("/api/news")
async def news() -> str:
    await asked.wait()
    return f"asked at {NEWS}"


async def follow() -> None:
    async with httpx.AsyncClient() as client:
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await client.get(NEWS)
            except httpx.HTTPError as error:
                logger.info("no news: %r", error)
            asked.set()


async def main() -> None:
    settings = uvicorn.Config(app, host="0.0.0.0", port=7860, forwarded_allow_ips="10.0.0.0/8")
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(follow())
        await uvicorn.Server(settings).serve()
        following.cancel()


asyncio.run(main())
