"""Qdrant: the official server in a container, or its client's own engine behind its REST types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from spacedock import canary
from spacedock.services.hosts.base import HostedService, http_refusal
from spacedock.services.hosts.child import DoubleHost

if TYPE_CHECKING:
    from testcontainers.core.network import Network

    from spacedock.images.supply import Supply
    from spacedock.runs import OpenRun
    from spacedock.services.base import Service

NAME = "qdrant"
PORT = 6333


@dataclass(frozen=True)
class QdrantAccount:
    """A key to read and write everything."""

    key: str = field(default_factory=lambda: canary.fresh(32), repr=False)

    name = NAME

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        """The key."""
        return {"url": (), "api_key": (self.key,)}

    def values(self, address: str) -> Mapping[str, str]:
        """`url` and `api_key`."""
        return {"url": f"http://{address}", "api_key": self.key}

    def refusal(self, address: str) -> str | None:
        """Ask for the collections."""
        return http_refusal(address, "/collections", {"api-key": self.key})

    def version(self, address: str) -> str:
        """`Qdrant 1.19.1`, as the server has it. Raises what asking and reading raise."""
        with closing(HTTPConnection(address, timeout=2)) as connection:
            connection.request("GET", "/")
            return f"Qdrant {json.load(connection.getresponse())['version']}"


def in_container(network: Network, supply: Supply, run: OpenRun) -> Service:
    """The server in a container; finding its image may take a while, and happens here."""
    from testcontainers.community.qdrant import QdrantContainer

    from spacedock.services.hosts.container import ContainerHost, told

    account, image = QdrantAccount(), supply.pinned(NAME)
    container = QdrantContainer(image.tag, api_key=account.key)
    host = ContainerHost(container, image=image, name=NAME, port=PORT, network=network, run=run)
    header = f"qdrant: {told(image)}, with an API key and without TLS"
    return HostedService(account, host, header, inside=f"{NAME}:{PORT}")


def in_process(run: OpenRun) -> Service:
    """The double as a child process."""
    account = QdrantAccount()
    host = DoubleHost(NAME, run, {"QDRANT__SERVICE__API_KEY": account.key})
    header = "qdrant: the engine of its Python client behind its REST types; no gRPC, no index, no TLS"
    return HostedService(account, host, header)
