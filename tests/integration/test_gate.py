"""The gate: this repository's Space, held to every promise in the dock that `--dock` names."""

from __future__ import annotations

import httpx
import pytest
from qdrant_client import QdrantClient
from qdrant_client.models import Distance, VectorParams

from spacedock.docks.base import Berth
from spacedock.failures.catalogue import all_failures
from spacedock.failures.diagnosis import diagnose
from spacedock.suite import SpaceContract
from spacedock.yard import Boarded


class TestTextbookSpace(SpaceContract):
    """The retrieval backend, as it would be pushed."""


def test_its_log_shows_none_of_the_known_failures(spacedock_berth: Berth) -> None:
    assert diagnose(spacedock_berth.logs(), all_failures()) == ()


def missing(berth: Berth) -> tuple[int, list[str]]:
    answer = httpx.get(f"{berth.url}/ready", timeout=20, trust_env=False)
    return answer.status_code, answer.json()["missing"]


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")  # as within a dock
def test_every_service_is_reached_from_within_the_space(
    spacedock_boarded: Boarded, spacedock_berth: Berth
) -> None:
    assert missing(spacedock_berth) == (503, ["qdrant"])  # it is there, and has no collection yet
    qdrant = spacedock_boarded.dock.services["qdrant"].local
    collection = spacedock_berth.environment["QDRANT_COLLECTION_NAME"]
    with_vectors = VectorParams(size=8, distance=Distance.COSINE)
    client = QdrantClient(qdrant["url"], api_key=qdrant["api_key"])
    try:
        client.create_collection(collection, vectors_config=with_vectors)
        assert missing(spacedock_berth) == (200, [])
        client.delete_collection(collection)
    finally:
        client.close()
