"""Qdrant, asked by its own client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from spacedock.errors import BootError
from spacedock.runs import OpenRun
from spacedock.services import qdrant
from spacedock.services.base import Service
from spacedock.services.hosts.child import DoubleHost
from tests.integration.services.conftest import Pier, Start

pytestmark = pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")


@pytest.fixture(params=["in_container", "in_process"])
def service(request: pytest.FixtureRequest) -> Service:
    start: Start = request.getfixturevalue(request.param)
    return start(qdrant)


@pytest.fixture
def client(service: Service) -> Iterator[QdrantClient]:
    values = service.local
    client = QdrantClient(url=values["url"], api_key=values["api_key"], check_compatibility=False)
    yield client
    client.close()


def test_what_is_stored_is_found(client: QdrantClient) -> None:
    size = models.VectorParams(size=2, distance=models.Distance.COSINE)
    client.create_collection("book", vectors_config=size)
    points = [models.PointStruct(id=n, vector=[n, 1.0], payload={"page": n}) for n in (1, 9)]
    client.upsert("book", points, wait=True)
    found = client.query_points("book", query=[1.0, 0.0], limit=1)
    assert [point.payload for point in found.points] == [{"page": 9}]


def test_server_and_client_are_one_minor_version_apart_at_most(client: QdrantClient) -> None:
    major, minor, _ = client.info().version.split(".")
    assert (int(major), int(minor)) in {(1, 19), (1, 20), (1, 21)}


def test_its_header_names_what_truly_runs(service: Service, client: QdrantClient) -> None:
    assert client.info().version in service.header[0]


def test_a_wrong_key_is_refused(service: Service) -> None:
    stranger = QdrantClient(url=service.local["url"], api_key="wrong", check_compatibility=False)
    with pytest.raises(UnexpectedResponse) as refused:
        stranger.get_collections()
    assert refused.value.status_code in {401, 403}
    stranger.close()


def test_its_log_has_no_secret(service: Service) -> None:
    (key,) = service.canaries["api_key"]
    assert service.logs()
    assert key not in service.logs()


def test_a_space_reaches_it_by_its_name(in_container: Start, pier: Pier) -> None:
    values = in_container(qdrant).values
    code = (
        "from os import environ; from urllib.request import Request, urlopen;"
        "ask = Request(environ['URL'] + '/collections', headers={'api-key': environ['KEY']});"
        "print(urlopen(ask).status)"
    )
    seen = pier.within(
        pier.supply.pinned("python").tag,
        "python",
        "-c",
        code,
        environment={"URL": values["url"], "KEY": values["api_key"]},
    )
    assert values["url"] == "http://qdrant:6333"
    assert seen.strip() == "200"


def test_a_process_that_dies_while_it_starts_is_told_at_once(
    run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Doomed(DoubleHost):
        def __init__(self, module: str, run: OpenRun, _: object) -> None:
            super().__init__(module, run, {"PORT": "70000"})

    monkeypatch.setattr(qdrant, "DoubleHost", Doomed)
    with pytest.raises(BootError, match="qdrant exited with code 1") as died:
        qdrant.in_process(run).__enter__()
    assert "70000" in died.value.log or "0-65535" in died.value.log
