"""Qdrant, in its cloud or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import ceil
from urllib.parse import urlsplit

from qdrant_client import AsyncQdrantClient
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.common.version_check import is_compatible
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from backend.config import Settings
from backend.services.base import AwayError, known_reason

REASONS = {
    "name or service not known": "its host name does not resolve",
    "name resolution": "its host name does not resolve",
    "no address associated": "its host name does not resolve",
    "certificate": "its TLS certificate is not trusted",
    "ssl": "TLS with it failed",
    "connection attempts failed": "it refuses connections",
    "connection refused": "it refuses connections",
    "disconnected": "it closed the connection",
    "readerror": "it closed the connection",
    "remoteprotocolerror": "it answers, but not as Qdrant does",
    "timeout": "it did not answer in time",
    "validationerror": "it answers, but not as Qdrant does",
    "jsondecodeerror": "it answers, but not as Qdrant does",
}


@dataclass(frozen=True)
class Passage:
    """A part of the book, as `backend.ingest` stored it."""

    chapter: str
    heading: str
    path: str
    anchor: str
    text: str


class Qdrant:
    """The vector database and the one collection in it that is ours."""

    name = "qdrant"

    def __init__(self, settings: Settings) -> None:
        self._collection = settings.qdrant_collection_name
        self.client = _client(settings)

    async def ask(self) -> str:
        """Ask for the version, which needs no key, and for the collection, which does."""
        try:
            server = (await self.client.info()).version
            exists = await self.client.collection_exists(self._collection)
        except (ApiException, QdrantException, ValueError) as error:
            raise away(error, self._collection) from None
        if not exists:
            raise AwayError(_missing(self._collection), passing=False)
        return f"version {_judged(server)}, collection {self._collection}"

    async def search(self, vector: Sequence[float], *, limit: int, min_score: float) -> list[Passage]:
        """Return the passages nearest to `vector`, nearest first. Raises AwayError."""
        try:
            found = await self.client.query_points(
                self._collection, query=list(vector), limit=limit, score_threshold=min_score
            )
            return [_passage(point.payload or {}) for point in found.points]
        except (ApiException, QdrantException, ValueError, KeyError) as error:
            raise away(error, self._collection) from None

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()


def _client(settings: Settings) -> AsyncQdrantClient:
    url = settings.qdrant_url.get_secret_value()
    return AsyncQdrantClient(
        url=url,
        # The client goes to 6333 when the address names no port, and behind https a cloud may offer 443 only.
        port=443 if urlsplit(url).scheme == "https" else 6333,
        api_key=settings.qdrant_api_key.get_secret_value(),
        timeout=ceil(settings.service_timeout),
        check_compatibility=False,  # it asks from a thread of its own, and warns past our log
    )


def _judged(server: str) -> str:
    """Qdrant supports a client and a server that are one minor version apart, no more."""
    client = version("qdrant-client")
    return server if is_compatible(client, server) else f"{server} (too far from the client's {client})"


def away(error: Exception, collection: str) -> AwayError:
    """What an error means for the request."""
    if isinstance(error, UnexpectedResponse):
        return _refused(error, collection)
    if isinstance(error, ResourceExhaustedResponse):
        return AwayError("it asks us to slow down", retry_after=error.retry_after_s, busy=True)
    if isinstance(error, KeyError):
        return AwayError(f"collection {collection} was not made by `python -m backend.ingest`", passing=False)
    cause = error.source if isinstance(error, ResponseHandlingException) else error
    reason = known_reason(cause, REASONS)
    return AwayError(reason, passing="certificate" not in reason)


def _refused(error: UnexpectedResponse, collection: str) -> AwayError:
    status = error.status_code or 0
    if status in {401, 403}:
        return AwayError("it refused the key", passing=False)
    if status == 404 and b"ollection" in error.content:
        return AwayError(_missing(collection), passing=False)
    if b"dimension" in error.content:
        return AwayError(
            f"collection {collection} holds vectors of another model; ingest the book into a new one",
            passing=False,
        )
    retry_after = error.headers.get("retry-after", "")
    return AwayError(
        f"it answered {status}",
        passing=status == 429 or status >= 500,
        retry_after=float(retry_after) if retry_after.isdecimal() else None,
        busy=status == 429,
    )


def _missing(collection: str) -> str:
    return f"collection {collection} does not exist; fill it with `python -m backend.ingest`"


def _passage(payload: dict[str, object]) -> Passage:
    return Passage(**{name: str(payload[name]) for name in Passage.__dataclass_fields__})
