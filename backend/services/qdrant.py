"""Qdrant, in its cloud or elsewhere."""

from __future__ import annotations

from importlib.metadata import version
from math import ceil
from urllib.parse import urlsplit

from qdrant_client import AsyncQdrantClient
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
    "remoteprotocolerror": "it answers, but not as Qdrant does",
    "timeout": "it did not answer in time",
    "validationerror": "it answers, but not as Qdrant does",
    "jsondecodeerror": "it answers, but not as Qdrant does",
}


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
        except (ApiException, ValueError) as error:
            raise AwayError(_reason(error)) from None
        if not exists:
            raise AwayError(f"collection {self._collection} does not exist (version {server})")
        return f"version {_judged(server)}, collection {self._collection}"

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


def _reason(error: Exception) -> str:
    if isinstance(error, UnexpectedResponse):
        return "it refused the key" if error.status_code in {401, 403} else f"it answered {error.status_code}"
    cause = error.source if isinstance(error, ResponseHandlingException) else error
    return known_reason(cause, REASONS)
