"""Qdrant's answers that its engine in memory never gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import respx
from qdrant_client import AsyncQdrantClient, models

from backend.book import store as module
from backend.book.errors import CollectionError
from backend.book.index import Point
from backend.book.store import QdrantStore
from backend.services.base import AwayError
from tests.unit.backend.book.conftest import CountingStore

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_pauses")]

OK = {"result": {"operation_id": 1, "status": "completed"}, "status": "ok", "time": 0.0}
POINT = Point("6c47790d-795b-5c98-b837-4d0d014465b1", [1.0, 0.0], {"text": "x", "digest": "d"})


@pytest.fixture
async def remote() -> AsyncIterator[QdrantStore]:
    client = AsyncQdrantClient(url="https://cluster.example", port=443, check_compatibility=False)
    yield QdrantStore(client, "textbook")
    await client.close()


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url="https://cluster.example:443/collections/textbook") as router:
        yield router


class TestTries:
    @pytest.mark.parametrize(
        "failure",
        [
            httpx.Response(500),
            httpx.Response(503),
            httpx.Response(429),
            httpx.Response(429, headers={"retry-after": "0"}),
            httpx.ConnectError("All connection attempts failed"),
            httpx.ReadTimeout(""),
        ],
        ids=["500", "503", "429", "429-with-time", "refused", "timeout"],
    )
    async def test_what_may_pass_is_tried_again(
        self, remote: QdrantStore, server: respx.MockRouter, failure: httpx.Response | Exception
    ) -> None:
        route = server.put("/points").mock(
            side_effect=[failure, failure, failure, httpx.Response(200, json=OK)]
        )
        await remote.upsert([POINT])
        assert route.call_count == 4

    async def test_after_four_it_gives_up_in_our_words(
        self, remote: QdrantStore, server: respx.MockRouter
    ) -> None:
        route = server.put("/points").respond(502, text="canary")
        with pytest.raises(AwayError, match=r"^it answered 502$") as away:
            await remote.upsert([POINT])
        assert away.value.service == "qdrant"
        assert route.call_count == 4

    async def test_being_asked_to_slow_down_is_told(
        self, remote: QdrantStore, server: respx.MockRouter
    ) -> None:
        server.put("/points").respond(429, headers={"retry-after": "0"}, json={"status": {"error": "canary"}})
        with pytest.raises(AwayError, match=r"^it asks us to slow down$"):
            await remote.upsert([POINT])

    @pytest.mark.parametrize("status", [400, 401, 403, 404])
    async def test_what_will_not_pass_is_tried_once(
        self, remote: QdrantStore, server: respx.MockRouter, status: int
    ) -> None:
        route = server.put("/points").respond(status, text="canary")
        with pytest.raises(AwayError) as away:
            await remote.upsert([POINT])
        assert "canary" not in str(away.value)
        assert route.call_count == 1

    async def test_what_the_client_itself_refuses_is_tried_once(
        self, remote: QdrantStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tries = []

        async def refuse(*_: object, **options: object) -> None:
            tries.append(options)
            raise ValueError("canary")

        monkeypatch.setattr(remote._client, "upsert", refuse)
        with pytest.raises(AwayError, match=r"^it failed with ValueError$"):
            await remote.upsert([POINT])
        assert len(tries) == 1


class TestWriting:
    async def test_it_waits_until_points_can_be_found(
        self, remote: QdrantStore, server: respx.MockRouter
    ) -> None:
        route = server.put("/points").respond(json=OK)
        await remote.upsert([POINT])
        assert route.calls.last.request.url.params["wait"] == "true"

    async def test_it_waits_until_points_are_gone(
        self, remote: QdrantStore, server: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "PAGE", 2)
        route = server.post("/points/delete").respond(json=OK)
        await remote.delete([POINT.id] * 3)
        assert [call.request.url.params["wait"] for call in route.calls] == ["true", "true"]

    async def test_a_creation_that_fails_is_no_race(
        self, remote: QdrantStore, server: respx.MockRouter
    ) -> None:
        server.put("").respond(403)
        server.get("/exists").respond(json={"result": {"exists": False}, "status": "ok", "time": 0.0})
        with pytest.raises(AwayError, match="refused the key"):
            await remote.create(4)


class TestReading:
    async def test_digests_are_read_page_by_page(
        self, store: CountingStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "PAGE", 2)
        await store.create(2)
        ids = [f"00000000-0000-5000-8000-00000000000{number}" for number in range(5)]
        await store.upsert([Point(name, [1.0, 0.0], {"digest": name[-1]}) for name in ids])
        assert await store.digests() == {name: name[-1] for name in ids}

    async def test_a_missing_collection_has_no_dimension(self, store: CountingStore) -> None:
        assert await store.dimension() is None

    async def test_it_is_told_who_made_the_collection(
        self, store: CountingStore, client: AsyncQdrantClient
    ) -> None:
        assert await store.create(2) == 2
        info = await client.get_collection("textbook")
        assert info.config.metadata == {"made_by": "python -m backend.ingest"}

    @pytest.mark.parametrize(
        "vectors",
        [
            {"dense": models.VectorParams(size=4, distance=models.Distance.COSINE)},
            models.VectorParams(size=4, distance=models.Distance.DOT),
            None,
        ],
        ids=["named", "dot", "none"],
    )
    async def test_a_collection_of_another_kind_is_refused(
        self,
        store: CountingStore,
        client: AsyncQdrantClient,
        vectors: models.VectorParams | dict[str, models.VectorParams] | None,
    ) -> None:
        await client.create_collection("textbook", vectors_config=vectors)
        with pytest.raises(CollectionError, match=r"collection textbook was not made .* Delete it, or set"):
            await store.dimension()
