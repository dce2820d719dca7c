"""The Qdrant double, asked over HTTP by Qdrant's own client and compared with the engine asked directly."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from spacedock.doubles import qdrant as double
from tests.unit.doubles.conftest import Serve, started

KEY = "accepted"
POINTS = [
    models.PointStruct(id=1, vector=[1.0, 0.0, 0.0, 0.2], payload={"chapter": "arms", "page": 1}),
    models.PointStruct(id=2, vector=[0.0, 1.0, 0.0, 0.0], payload={"chapter": "legs", "page": 2}),
    models.PointStruct(id=3, vector=[0.9, 0.1, 0.0, 0.0], payload={"chapter": "arms", "page": None}),
]
ARMS = models.Filter(must=[models.FieldCondition(key="chapter", match=models.MatchValue(value="arms"))])

pytestmark = pytest.mark.filterwarnings(
    "ignore:Api key is used with an insecure connection", "ignore:Payload indexes have no effect"
)


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(double.create_app(KEY))


@pytest.fixture
def remote(url: str) -> Iterator[QdrantClient]:
    client = QdrantClient(url=url, api_key=KEY, check_compatibility=False)
    fill(client)
    yield client
    for collection in client.get_collections().collections:
        client.delete_collection(collection.name)
    client.close()


@pytest.fixture
def local() -> Iterator[QdrantClient]:
    client = QdrantClient(":memory:")
    fill(client)
    yield client
    client.close()


def fill(client: QdrantClient) -> None:
    config = models.VectorParams(size=4, distance=models.Distance.COSINE)
    client.create_collection("book", vectors_config=config)
    client.upsert("book", POINTS)


CALLS: dict[str, Callable[[QdrantClient], Any]] = {
    "list collections": lambda c: c.get_collections(),
    "get a collection": lambda c: c.get_collection("book"),
    "know a collection": lambda c: (c.collection_exists("book"), c.collection_exists("none")),
    "delete a collection": lambda c: (c.delete_collection("book"), c.delete_collection("book")),
    "create an index": lambda c: c.create_payload_index("book", "chapter", models.PayloadSchemaType.KEYWORD),
    "delete an index": lambda c: c.delete_payload_index("book", "chapter"),
    "query": lambda c: c.query_points("book", query=[1.0, 0.0, 0.0, 0.0], with_payload=True),
    "query with a filter": lambda c: c.query_points("book", query=[0.0, 1.0, 0.0, 0.0], query_filter=ARMS),
    "query by a point": lambda c: c.query_points("book", query=1, limit=1, with_vectors=True),
    "query above a score": lambda c: c.query_points("book", query=[1.0, 0.0, 0.0, 0.0], score_threshold=0.5),
    "query without a query": lambda c: c.query_points("book", limit=2, offset=1),
    "query in batches": lambda c: c.query_batch_points(
        "book", [models.QueryRequest(query=[1.0, 0.0, 0.0, 0.0], limit=1), models.QueryRequest(query=2)]
    ),
    "retrieve": lambda c: c.retrieve("book", [3, 1, 9]),
    "retrieve vectors": lambda c: c.retrieve("book", [2], with_payload=["page"], with_vectors=True),
    "scroll": lambda c: c.scroll("book", limit=2),
    "scroll on": lambda c: c.scroll("book", offset=2, scroll_filter=ARMS, with_payload=False),
    "count": lambda c: (c.count("book"), c.count("book", count_filter=ARMS)),
    "delete points": lambda c: (c.delete("book", models.PointIdsList(points=[1])), c.count("book")),
    "delete by a filter": lambda c: (c.delete("book", ARMS), c.count("book")),
    "upsert a batch": lambda c: (
        c.upsert("book", models.Batch(ids=[1, 7], vectors=[[1, 1, 1, 1]] * 2)),
        c.retrieve("book", [1, 7], with_vectors=True),
    ),
    "insert only what is new": lambda c: (
        c.upsert(
            "book",
            [models.PointStruct(id=1, vector=[1, 1, 1, 1])],
            update_mode=models.UpdateMode.INSERT_ONLY,
        ),
        c.retrieve("book", [1]),
    ),
    "name vectors": lambda c: (
        c.create_collection(
            "named", vectors_config={"text": models.VectorParams(size=2, distance=models.Distance.DOT)}
        ),
        c.upsert("named", [models.PointStruct(id=1, vector={"text": [1, 2]})]),
        c.query_points("named", query=[1.0, 1.0], using="text", with_vectors=["text"]),
    ),
    "keep metadata": lambda c: (
        c.create_collection(
            "noted",
            vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT),
            metadata={"edition": 2},
        ),
        c.get_collection("noted").config.metadata,
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_it_answers_as_the_engine_does(
    call: Callable[[QdrantClient], Any], remote: QdrantClient, local: QdrantClient
) -> None:
    assert call(remote) == call(local)


def test_its_version_is_the_clients(remote: QdrantClient) -> None:
    assert remote.info().title == "qdrant - vector search engine"
    assert remote.info().version == importlib.metadata.version("qdrant-client")


def test_answers_come_in_qdrants_envelope(url: str, remote: QdrantClient) -> None:
    answer = httpx.get(f"{url}/collections", headers={"api-key": KEY}).json()
    assert answer["result"] == {"collections": [{"name": "book"}]}
    assert answer["status"] == "ok"
    assert answer["time"] > 0


MISSING = "Not found: Collection `none` doesn't exist!"
SIZE = "Wrong input: Vector dimension error: expected dim: 4, got 3"
REFUSALS: dict[str, tuple[Callable[[QdrantClient], Any], int, str]] = {
    "get": (lambda c: c.get_collection("none"), 404, MISSING),
    "query": (lambda c: c.query_points("none", query=[1.0, 0.0, 0.0, 0.0]), 404, MISSING),
    "upsert": (lambda c: c.upsert("none", POINTS), 404, MISSING),
    "index": (
        lambda c: c.create_payload_index("none", "page", models.PayloadSchemaType.INTEGER),
        404,
        MISSING,
    ),
    "create twice": (fill, 409, "Wrong input: Collection `book` already exists!"),
    "store a wrong size": (
        lambda c: c.upsert("book", [models.PointStruct(id=1, vector=[1, 0, 0])]),
        400,
        SIZE,
    ),
    "query a wrong size": (lambda c: c.query_points("book", query=[1.0, 0.0, 0.0]), 400, SIZE),
}


@pytest.mark.parametrize(("call", "status", "text"), REFUSALS.values(), ids=REFUSALS.keys())
def test_it_refuses_in_qdrants_words(
    call: Callable[[QdrantClient], Any], status: int, text: str, remote: QdrantClient
) -> None:
    with pytest.raises(UnexpectedResponse) as refused:
        call(remote)
    assert refused.value.status_code == status
    assert refused.value.structured()["status"] == {"error": text}


def test_what_the_engine_refuses_is_bad_input(remote: QdrantClient) -> None:
    with pytest.raises(UnexpectedResponse) as refused:
        remote.query_points("book", query=[1.0, 0.0, 0.0, 0.0], using="text")
    assert refused.value.status_code == 400
    assert refused.value.structured()["status"]["error"].startswith("Wrong input: ")


def test_a_body_that_is_not_understood_is_refused(url: str, remote: QdrantClient) -> None:
    body = {"limit": "many"}
    answer = httpx.post(f"{url}/collections/book/points/scroll", json=body, headers={"api-key": KEY})
    assert answer.status_code == 400
    assert answer.json()["status"]["error"].startswith("Format error in JSON body: limit: ")


def test_what_the_double_lacks_it_says(url: str) -> None:
    answer = httpx.post(f"{url}/collections/book/snapshots", headers={"api-key": KEY})
    assert answer.status_code == 501
    assert (
        answer.json()["status"]["error"]
        == "This double of Qdrant has no route POST /collections/book/snapshots"
    )


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, "Must provide an API key or an Authorization bearer token"),
        ({"api-key": "wrong"}, "Invalid API key or JWT"),
        ({"Authorization": "Bearer wrong"}, "Invalid API key or JWT"),
    ],
)
def test_nobody_enters_without_the_key(url: str, headers: dict[str, str], text: str) -> None:
    answer = httpx.get(f"{url}/collections", headers=headers)
    assert (answer.status_code, answer.text) == (401, text)


def test_the_key_may_come_as_a_bearer_token(url: str) -> None:
    assert httpx.get(f"{url}/collections", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/livez"])
def test_health_needs_no_key(url: str, path: str) -> None:
    assert httpx.get(url + path).status_code == 200


def test_without_a_key_of_its_own_everybody_enters(serve: Serve) -> None:
    assert httpx.get(f"{serve(double.create_app())}/collections").status_code == 200


def test_it_runs_as_a_module_and_as_a_lone_file(tmp_path: Path) -> None:
    lone = tmp_path / "qdrant.py"
    shutil.copy(str(double.__file__), lone)
    for command in (["-m", "spacedock.doubles.qdrant"], [str(lone)]):
        with started(*command, QDRANT__SERVICE__API_KEY=KEY) as url:
            assert httpx.get(f"{url}/collections").status_code == 401
            assert httpx.get(f"{url}/collections", headers={"api-key": KEY}).status_code == 200
