"""The gate: this repository's Space, held to every promise in the dock that `--dock` names."""

from __future__ import annotations

import httpx
import pytest
from qdrant_client import QdrantClient
from qdrant_client.models import Distance, VectorParams

from spacedock.docks.instance import FullInstance
from spacedock.failures.catalogue import all_failures
from spacedock.failures.diagnosis import diagnose
from spacedock.session import DockedSpace
from spacedock.suite import SpaceContract


class TestTextbookSpace(SpaceContract):
    """The retrieval backend, as it would be pushed."""


def test_its_log_shows_none_of_the_known_failures(spacedock_instance: FullInstance) -> None:
    assert diagnose(spacedock_instance.logs(), all_failures()) == ()


def missing(instance: FullInstance) -> tuple[int, list[str]]:
    answer = httpx.get(f"{instance.url}/ready", timeout=20, trust_env=False)
    return answer.status_code, answer.json()["missing"]


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")  # as within a dock
def test_every_service_is_reached_from_within_the_space(
    spacedock_docked: DockedSpace, spacedock_instance: FullInstance
) -> None:
    assert missing(spacedock_instance) == (503, ["qdrant"])  # it is there, and has no collection yet
    qdrant = spacedock_docked.dock.services["qdrant"].local
    collection = spacedock_instance.environment["QDRANT_COLLECTION_NAME"]
    with_vectors = VectorParams(size=8, distance=Distance.COSINE)
    client = QdrantClient(qdrant["url"], api_key=qdrant["api_key"])
    try:
        client.create_collection(collection, vectors_config=with_vectors)
        assert missing(spacedock_instance) == (200, [])
        client.delete_collection(collection)
    finally:
        client.close()
