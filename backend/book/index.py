"""Bringing the collection up to date with the book: what is new is written, what is gone is removed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from backend.book.chapters import Chunk
from backend.book.errors import BookError, CollectionError

BATCH = 64  # chunks in one request
BATCH_CHARACTERS = 100_000  # far below the 300,000 tokens that OpenAI takes in one request


class Embedder(Protocol):
    """Turns texts into vectors."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text. Raises AwayError."""
        ...


@dataclass(frozen=True)
class Point:
    """A chunk as it is stored."""

    id: str
    vector: list[float]
    payload: dict[str, str | int]


class Store(Protocol):
    """The one collection that holds the book. Everything raises AwayError."""

    @property
    def name(self) -> str: ...

    async def dimension(self) -> int | None:
        """Return the length of its vectors, None when it does not exist. Raises CollectionError."""
        ...

    async def create(self, dimension: int) -> int:
        """Create the collection and return its dimension, another one if somebody else was faster."""
        ...

    async def digests(self) -> dict[str, str]:
        """Return the digest of each point that an ingestion has written, by id."""
        ...

    async def upsert(self, points: Sequence[Point]) -> None:
        """Write points; they can be found when it returns."""
        ...

    async def delete(self, ids: Sequence[str]) -> None: ...


@dataclass(frozen=True)
class Summary:
    """How many chunks were added, changed, removed and left as they were."""

    added: int
    changed: int
    removed: int
    unchanged: int

    def __str__(self) -> str:
        total = self.added + self.changed + self.unchanged
        return (
            f"{total} chunks: {self.added} added, {self.changed} changed, "
            f"{self.removed} removed, {self.unchanged} unchanged"
        )


class Index:
    """The collection `store`, filled with what `embedder`, a model called `model`, makes of the chunks."""

    def __init__(self, store: Store, embedder: Embedder, *, model: str) -> None:
        self._store = store
        self._embedder = embedder
        self._model = model

    async def update(self, chunks: Sequence[Chunk], progress: Callable[[int, int], None]) -> Summary:
        """Write what differs, batch by batch, and at last remove what is gone.

        `progress` is told how many chunks of how many are written. An interruption costs one batch at most:
        the next update goes on behind the last one written. Raises AwayError and CollectionError.
        """
        if not chunks:
            raise BookError("There is not one chunk, and nothing was removed.")
        dimension = await self._store.dimension()
        stored = await self._store.digests() if dimension else {}
        due = [chunk for chunk in chunks if stored.get(chunk.id) != self._digest(chunk, dimension)]
        written = 0
        for batch in batches(due):
            vectors = await self._embedder.embed([chunk.embedded for chunk in batch])
            dimension = await self._fitting(len(vectors[0]), dimension)
            points = [self._point(chunk, vector) for chunk, vector in zip(batch, vectors, strict=True)]
            await self._store.upsert(points)
            written += len(batch)
            progress(written, len(due))
        gone = sorted(stored.keys() - {chunk.id for chunk in chunks})
        if gone:
            await self._store.delete(gone)
        changed = sum(chunk.id in stored for chunk in due)
        return Summary(len(due) - changed, changed, len(gone), len(chunks) - len(due))

    async def _fitting(self, made: int, dimension: int | None) -> int:
        """Return the collection's dimension if it is that of the vectors made; create what is not there."""
        if dimension is None:
            dimension = await self._store.create(made)
        if dimension != made:
            raise CollectionError(
                f"The collection {self._store.name} holds vectors of dimension {dimension}, the model "
                f"{self._model} makes vectors of dimension {made}. Delete the collection, or set "
                "QDRANT_COLLECTION_NAME to the name of a new one, or set OPENAI_EMBEDDING_MODEL back."
            )
        return dimension

    def _point(self, chunk: Chunk, vector: list[float]) -> Point:
        payload = {**_payload(chunk), "digest": self._digest(chunk, len(vector))}
        return Point(chunk.id, vector, payload)

    def _digest(self, chunk: Chunk, dimension: int | None) -> str:
        """Name everything that makes a point what it is, its vector included."""
        told = json.dumps([_payload(chunk), chunk.embedded, self._model, dimension], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


def batches(chunks: Sequence[Chunk]) -> Iterator[list[Chunk]]:
    """Yield the chunks in requests that are not too large."""
    batch: list[Chunk] = []
    size = 0
    for chunk in chunks:
        length = len(chunk.embedded)
        if batch and (len(batch) == BATCH or size + length > BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(chunk)
        size += length
    if batch:
        yield batch


def _payload(chunk: Chunk) -> dict[str, str | int]:
    return {
        "chapter": chunk.chapter,
        "number": chunk.number,
        "heading": chunk.heading,
        "anchor": chunk.anchor,
        "path": chunk.path,
        "text": chunk.text,
    }
