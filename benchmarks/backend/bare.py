"""Bare FastAPI routes that do what the backend's do, with pooled clients and nothing else: the measure."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

MODEL, BASE, QDRANT = "gpt-5-mini", os.environ["OPENAI_BASE_URL"], os.environ["QDRANT_URL"]
KEYS = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}", "api-key": os.environ["QDRANT_API_KEY"]}

app = FastAPI()
client = httpx.AsyncClient(headers=KEYS, limits=httpx.Limits(max_connections=None))


@app.get("/health")
async def health() -> dict[str, str]:
    """Answer at once."""
    return {"status": "alive"}


async def retrieve(request: Request, collection: str) -> list[dict[str, Any]]:
    """Make the two calls of a retrieval."""
    question = (await request.json())["question"]
    asked = {"model": "text-embedding-3-small", "input": [question]}
    embedding = (await client.post(f"{BASE}/embeddings", json=asked)).json()["data"][0]["embedding"]
    query = {"query": embedding, "limit": 5, "with_payload": True}
    found = await client.post(f"{QDRANT}/collections/{collection}/points/query", json=query)
    points: list[dict[str, Any]] = found.json()["result"]["points"]
    return points


@app.post("/retrieval")
async def retrieval(request: Request) -> dict[str, object]:
    """Retrieve, and find nothing."""
    return {"answer": "nothing", "citations": await retrieve(request, "nothing")}


@app.post("/chat")
async def chat(request: Request) -> StreamingResponse:
    """Retrieve, and pass the model's stream on as it comes."""
    points = await retrieve(request, "textbook")
    messages = [{"role": "user", "content": points[0]["payload"]["text"]}]
    asked = {"model": MODEL, "messages": messages, "stream": True}

    async def stream() -> AsyncIterator[bytes]:
        async with client.stream("POST", f"{BASE}/chat/completions", json=asked) as answer:
            async for part in answer.aiter_bytes():
                yield part

    return StreamingResponse(stream(), media_type="text/event-stream")


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=8080, access_log=False, log_level="warning")  # noqa: S104
