"""What lies in a service, looked up in real ones and in those of the process dock."""

from __future__ import annotations

import psycopg
import pytest
from qdrant_client import QdrantClient
from qdrant_client.models import Distance, PointStruct, VectorParams

from spacedock.services import postgres, qdrant
from spacedock.services.hosts.stock import stock_of
from tests.integration.services.conftest import Start

each = pytest.mark.parametrize("start", ["in_container", "in_process"])


@each
def test_rows_are_known_again_and_missed_when_they_are_gone(
    request: pytest.FixtureRequest, start: str
) -> None:
    starting: Start = request.getfixturevalue(start)
    service = starting(postgres)
    with psycopg.connect(service.local["url"], autocommit=True) as database:
        database.execute("CREATE TABLE stocked (text text)")
        database.execute("CREATE TABLE alembic_version (number text)")
        try:
            before = stock_of(service)
            database.execute("INSERT INTO stocked VALUES ('a'), ('b')")
            after = stock_of(service)
            assert before is not None
            assert after is not None
            assert (before.counts["public.stocked"], after.counts["public.stocked"]) == (0, 2)
            assert "public.alembic_version" not in after.counts
            added = after.added_since(before)
            assert len(added) == 2
            database.execute("DELETE FROM stocked WHERE text = 'a'")
            kept = stock_of(service)
            assert kept is not None
            assert after.gone_from(kept, added) == ()
        finally:
            database.execute("DROP TABLE stocked, alembic_version")
    gone = stock_of(service)
    assert gone is not None
    assert after.gone_from(gone, added) == ("public.stocked",)


@each
@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_points_are_known_again(request: pytest.FixtureRequest, start: str) -> None:
    starting: Start = request.getfixturevalue(start)
    service = starting(qdrant)
    client = QdrantClient(service.local["url"], api_key=service.local["api_key"], check_compatibility=False)
    try:
        client.create_collection("stocked", VectorParams(size=2, distance=Distance.DOT))
        client.upsert("stocked", [PointStruct(id=7, vector=[1.0, 0.0])], wait=True)
        full = stock_of(service)
        client.delete_collection("stocked")
        empty = stock_of(service)
    finally:
        client.close()
    assert full is not None
    assert empty is not None
    marks = frozenset({("stocked", "7")})
    assert marks <= full.marks
    assert full.gone_from(empty, marks) == ("stocked",)
