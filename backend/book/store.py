"""The collection in Qdrant, as an ingestion uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.conversions.common_types import PointId
from qdrant_client.http.exceptions import ApiException

from backend.book.errors import CollectionError
from backend.book.index import Point
from backend.book.patience import patiently
from backend.services.base import AwayError
from backend.services.qdrant import away

T = TypeVar("T")

PAGE = 1000  # points in one request that carries no vectors


class QdrantStore:
    """One collection. Every request is tried again when that may help; everything raises AwayError."""

    def __init__(self, client: AsyncQdrantClient, collection: str) -> None:
        self._client = client
        self.name = collection

    async def dimension(self) -> int | None:
        """Return the length of its vectors, None when it does not exist. Raises CollectionError."""
        if not await self._ask(lambda: self._client.collection_exists(self.name)):
            return None
        info = await self._ask(lambda: self._client.get_collection(self.name))
        vectors = info.config.params.vectors
        if isinstance(vectors, models.VectorParams) and vectors.distance == models.Distance.COSINE:
            return vectors.size
        raise CollectionError(
            f"The collection {self.name} was not made by this command: its vectors have names or are not "
            "compared by cosine. Delete it, or set QDRANT_COLLECTION_NAME to the name of a new one."
        )

    async def create(self, dimension: int) -> int:
        """Create the collection and return its dimension, another one if somebody else was faster."""
        try:
            await self._ask(
                lambda: self._client.create_collection(
                    self.name,
                    vectors_config=models.VectorParams(size=dimension, distance=models.Distance.COSINE),
                    metadata={"made_by": "python -m backend.ingest"},  # servers before 1.16 ignore it
                )
            )
        except AwayError:
            if (existing := await self.dimension()) is None:
                raise
            return existing
        return dimension

    async def digests(self) -> dict[str, str]:
        """Return the digest of each point that an ingestion has written, by id; leave others alone."""
        found: dict[str, str] = {}
        offset = None
        while True:
            records, offset = await self._page(offset)
            for record in records:
                if isinstance(digest := (record.payload or {}).get("digest"), str):
                    found[str(record.id)] = digest
            if offset is None:
                return found

    async def upsert(self, points: Sequence[Point]) -> None:
        """Write points; they can be found when it returns."""
        structs = [models.PointStruct(id=p.id, vector=p.vector, payload=p.payload) for p in points]
        await self._ask(lambda: self._client.upsert(self.name, structs, wait=True))

    async def delete(self, ids: Sequence[str]) -> None:
        """Remove points; an id that is not there does no harm."""
        for start in range(0, len(ids), PAGE):
            await self._delete(models.PointIdsList(points=list(ids[start : start + PAGE])))

    async def _delete(self, chosen: models.PointIdsList) -> None:
        await self._ask(lambda: self._client.delete(self.name, chosen, wait=True))

    async def _page(self, offset: PointId | None) -> tuple[list[models.Record], PointId | None]:
        return await self._ask(
            lambda: self._client.scroll(
                self.name, limit=PAGE, offset=offset, with_payload=["digest"], with_vectors=False
            )
        )

    async def _ask(self, call: Callable[[], Awaitable[T]]) -> T:
        async def ask() -> T:
            try:
                return await call()
            except (ApiException, QdrantException, ValueError) as error:
                raise self._away(error) from None

        return await patiently("qdrant", ask)

    def _away(self, error: Exception) -> AwayError:
        reason = away(error, self.name)
        told = isinstance(error, ApiException | ResourceExhaustedResponse)  # others are the client's own
        reason.passing = reason.passing and told
        return reason
