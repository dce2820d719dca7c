"""Answers questions from a few notes: OpenAI makes vectors and answers, Qdrant finds the nearest note."""

from __future__ import annotations

import asyncio
import logging

import httpx
from openai import APITimeoutError, AsyncOpenAI, OpenAIError, RateLimitError
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse
from qdrant_client.models import Distance, PointStruct, VectorParams
from settings import secrets

EMBEDDING_MODEL = "text-embedding-3-small"
DIMENSIONS = 1536
COLLECTION = "notes"
NOTES = [
    "The zero moment point lies within the feet as long as a robot does not tip over.",
    "A gait is a sequence of steps that repeats itself.",
    "A servo holds an angle, a motor holds a speed.",
]

log = logging.getLogger("uvicorn.error")
openai = AsyncOpenAI(api_key=secrets["OPENAI_API_KEY"], timeout=10, max_retries=1)
qdrant = AsyncQdrantClient(url=secrets["QDRANT_URL"], api_key=secrets["QDRANT_API_KEY"], timeout=5)
preparing, prepared = asyncio.Lock(), asyncio.Event()


async def answer(question: str) -> tuple[int, dict[str, str]]:
    """Return the HTTP status and what to say with it."""
    try:
        return 200, {"answer": await found(question)}
    except (OpenAIError, ApiException) as error:
        log.exception("a service does not do its part")
        return refused(error)


async def found(question: str) -> str:
    async with preparing:
        if not prepared.is_set():
            await prepare()
            prepared.set()
    (vector,) = await embed([question])
    found = await qdrant.query_points(COLLECTION, query=vector, limit=1)
    notes = "\n".join(point.payload["text"] for point in found.points)
    messages = [{"role": "system", "content": notes}, {"role": "user", "content": question}]
    answer = await openai.chat.completions.create(model="gpt-4o-mini", messages=messages)
    return answer.choices[0].message.content


async def prepare() -> None:
    """When first needed, make the collection where there is none, see whether it fits, put the notes in."""
    if not await qdrant.collection_exists(COLLECTION):
        try:
            await qdrant.create_collection(
                COLLECTION, VectorParams(size=DIMENSIONS, distance=Distance.COSINE)
            )
        except UnexpectedResponse as error:
            if error.status_code != 409:  # another instance of this Space was quicker
                raise
    collection = await qdrant.get_collection(COLLECTION)
    if (size := collection.config.params.vectors.size) != DIMENSIONS:
        raise ApiException(
            f"{COLLECTION} is for vectors of {size} dimensions, {EMBEDDING_MODEL} has {DIMENSIONS}"
        )
    vectors = enumerate(await embed(NOTES))
    points = [PointStruct(id=at, vector=vector, payload={"text": NOTES[at]}) for at, vector in vectors]
    await qdrant.upsert(COLLECTION, points)


async def embed(texts: list[str]) -> list[list[float]]:
    answer = await openai.embeddings.create(model=EMBEDDING_MODEL, input=texts)
    return [item.embedding for item in answer.data]


def refused(error: Exception) -> tuple[int, dict[str, str]]:
    """Tell the caller that a service refuses: 429 where it is busy, 504 where it is late, else 503."""
    service = "OpenAI" if isinstance(error, OpenAIError) else "Qdrant"
    if isinstance(error, RateLimitError) and error.code != "insufficient_quota":
        return 429, {"detail": f"{service} is busy; ask again in a moment"}
    if isinstance(getattr(error, "source", error), (APITimeoutError, httpx.TimeoutException)):
        return 504, {"detail": f"{service} does not answer in time"}
    return 503, {"detail": f"{service} cannot be used now"}
