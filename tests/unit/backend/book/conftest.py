"""A book in a folder, a model that counts what it is asked, and Qdrant's own engine in memory."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient
from tenacity import wait_none

from backend.book import patience
from backend.book.index import Point
from backend.book.store import QdrantStore


@dataclass
class FakeModel:
    """Makes vectors that depend on the text alone. `before` is called ahead of each request."""

    dimension: int = 4
    requests: list[list[str]] = field(default_factory=list)
    before: Callable[[int], None] = lambda _: None

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.before(len(self.requests))
        self.requests.append(list(texts))
        return [[byte / 255 for byte in hashlib.sha256(t.encode()).digest()[: self.dimension]] for t in texts]

    @property
    def texts(self) -> list[str]:
        return [text for request in self.requests for text in request]


class CountingStore(QdrantStore):
    """A collection that says what was written to it. `before_write` is called ahead of each batch."""

    def __init__(self, client: AsyncQdrantClient, collection: str = "textbook") -> None:
        super().__init__(client, collection)
        self.writes: list[str] = []
        self.before_write: Callable[[int], None] = lambda _: None

    async def create(self, dimension: int) -> int:
        self.writes.append("create")
        return await super().create(dimension)

    async def upsert(self, points: Sequence[Point]) -> None:
        self.before_write(self.writes.count("upsert"))
        await super().upsert(points)
        self.writes.append("upsert")

    async def delete(self, ids: Sequence[str]) -> None:
        await super().delete(ids)
        self.writes.append("delete")

    async def payloads(self) -> list[dict[str, object]]:
        records, _ = await self._client.scroll(self.name, limit=10_000)
        return [record.payload or {} for record in records]

    async def texts(self) -> set[object]:
        return {payload["text"] for payload in await self.payloads()}


class Book:
    """A folder of chapters."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "book")


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
async def client() -> AsyncIterator[AsyncQdrantClient]:
    client = AsyncQdrantClient(":memory:")
    yield client
    await client.close()


@pytest.fixture
def store(client: AsyncQdrantClient) -> CountingStore:
    return CountingStore(client)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "BACK_OFF", wait_none())
