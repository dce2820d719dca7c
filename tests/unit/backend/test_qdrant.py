"""What Qdrant is asked, and how its errors read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx

from backend.config import Settings
from backend.services.base import AwayError
from backend.services.qdrant import Passage, Qdrant
from tests.unit.backend.conftest import Configure, reason_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(configure: Configure) -> Settings:
    return configure(QDRANT_URL="https://cluster.example")


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    """A cluster that answers on 443, as Qdrant Cloud does."""
    with respx.mock(base_url="https://cluster.example:443", assert_all_called=False) as router:
        router.get("/", name="info").respond(json={"title": "qdrant", "version": "1.20.3"})
        exists = {"result": {"exists": True}, "status": "ok", "time": 0.0}
        router.get("/collections/textbook/exists", name="exists").respond(json=exists)
        yield router


async def test_it_tells_version_and_collection(settings: Settings, server: respx.MockRouter) -> None:
    assert await Qdrant(settings).ask() == "version 1.20.3, collection textbook"


async def test_it_shows_its_key(settings: Settings, server: respx.MockRouter) -> None:
    await Qdrant(settings).ask()
    assert server["exists"].calls.last.request.headers["api-key"] == "qdrant-key-canary"


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://cluster.example", "https://cluster.example:443/"),
        ("https://cluster.example:6333", "https://cluster.example:6333/"),
        ("https://proxy.example/qdrant/", "https://proxy.example:443/qdrant/"),
        ("http://qdrant", "http://qdrant:6333/"),
    ],
)
async def test_https_without_a_port_means_443(configure: Configure, url: str, asked: str) -> None:
    with respx.mock() as server:
        route = server.route().respond(401)
        await reason_of(Qdrant(configure(QDRANT_URL=url)))
    assert route.calls.last.request.url == httpx.URL(asked)


async def test_a_missing_collection_is_named(settings: Settings, server: respx.MockRouter) -> None:
    server["exists"].respond(json={"result": {"exists": False}, "status": "ok", "time": 0.0})
    assert await reason_of(Qdrant(settings)) == (
        "collection textbook does not exist; fill it with `python -m backend.ingest`"
    )


async def test_a_server_too_old_for_the_client_is_told(settings: Settings, server: respx.MockRouter) -> None:
    server["info"].respond(json={"title": "qdrant", "version": "1.8.3"})
    assert "1.8.3 (too far from the client's 1.20" in await Qdrant(settings).ask()


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_refused_is_told(
    settings: Settings, server: respx.MockRouter, status: int
) -> None:
    server["exists"].respond(status, text="qdrant-key-canary")
    assert await reason_of(Qdrant(settings)) == "it refused the key"


async def test_another_status_is_told(settings: Settings, server: respx.MockRouter) -> None:
    server["info"].respond(502)
    assert await reason_of(Qdrant(settings)) == "it answered 502"


@pytest.mark.parametrize("body", ["<p>hello</p>", '{"title": "other"}', "[]"])
async def test_an_answer_that_is_not_qdrants_is_told(
    settings: Settings, server: respx.MockRouter, body: str
) -> None:
    server["info"].respond(text=body)
    assert await reason_of(Qdrant(settings)) == "it answers, but not as Qdrant does"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectTimeout(""), "it did not answer in time"),
        (httpx.ReadTimeout(""), "it did not answer in time"),
        (httpx.ConnectError("All connection attempts failed"), "it refuses connections"),
        (httpx.ConnectError("[Errno -2] Name or service not known"), "its host name does not resolve"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "its TLS certificate is not trusted"),
        (httpx.RemoteProtocolError("Server disconnected without a response"), "it closed the connection"),
        (httpx.ReadError("qdrant-key-canary"), "it closed the connection"),
        (httpx.NetworkError("qdrant-key-canary"), "it failed with NetworkError"),
    ],
)
async def test_a_failure_is_told_in_our_own_words(
    settings: Settings, server: respx.MockRouter, error: Exception, expected: str
) -> None:
    server["info"].mock(side_effect=error)
    assert await reason_of(Qdrant(settings)) == expected


async def test_closed_it_asks_nothing_more(settings: Settings, server: respx.MockRouter) -> None:
    qdrant = Qdrant(settings)
    await qdrant.close()
    assert await reason_of(qdrant) == "it failed with RuntimeError"  # of a client that is closed
    assert not server["info"].called


PAYLOAD = {
    "chapter": "Balance",
    "number": 5,
    "heading": "The zero moment point",
    "anchor": "zero-moment-point",
    "path": "05-balance",
    "text": "It is on the ground.",
    "digest": "0" * 64,
}


def found(*payloads: dict[str, Any] | None) -> dict[str, Any]:
    points = [{"id": n, "version": 1, "score": 0.9, "payload": p} for n, p in enumerate(payloads)]
    return {"result": {"points": points}, "status": "ok", "time": 0.0}


@pytest.fixture
def query(server: respx.MockRouter) -> respx.Route:
    return server.post("/collections/textbook/points/query").respond(json=found(PAYLOAD))


async def search(settings: Settings) -> list[Passage]:
    return await Qdrant(settings).search([0.5, 0.25], limit=3, min_score=0.5)


async def away(settings: Settings) -> AwayError:
    with pytest.raises(AwayError) as error:
        await search(settings)
    return error.value


async def test_a_search_asks_for_the_nearest_that_are_near_enough(
    settings: Settings, query: respx.Route
) -> None:
    await search(settings)
    asked = json.loads(query.calls.last.request.content)
    assert (asked["query"], asked["limit"], asked["score_threshold"]) == ({"nearest": [0.5, 0.25]}, 3, 0.5)
    assert asked["with_payload"] is True


async def test_a_search_returns_passages_nearest_first(settings: Settings, query: respx.Route) -> None:
    query.respond(json=found(PAYLOAD, {**PAYLOAD, "heading": "The gait"}))
    first, second = await search(settings)
    assert first == Passage(
        chapter="Balance",
        heading="The zero moment point",
        path="05-balance",
        anchor="zero-moment-point",
        text="It is on the ground.",
    )
    assert second.heading == "The gait"


async def test_a_search_may_find_nothing(settings: Settings, query: respx.Route) -> None:
    query.respond(json=found())
    assert await search(settings) == []


@pytest.mark.parametrize("payload", [None, {}, {"chapter": "Balance"}])
async def test_points_of_somebody_elses_are_told(
    settings: Settings, query: respx.Route, payload: dict[str, Any] | None
) -> None:
    query.respond(json=found(payload))
    error = await away(settings)
    assert str(error) == "collection textbook was not made by `python -m backend.ingest`"
    assert not error.passing


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (404, "Not found: Collection `textbook` doesn't exist!", "does not exist; fill it with"),
        (
            400,
            "Wrong input: Vector dimension error: expected dim: 2, got 3",
            "holds vectors of another model",
        ),
        (401, "Invalid API key: canary", "it refused the key"),
        (403, "forbidden: canary", "it refused the key"),
        (400, "Wrong input: canary", "it answered 400"),
    ],
)
async def test_what_another_try_cannot_mend_is_told(
    settings: Settings, query: respx.Route, status: int, error: str, reason: str
) -> None:
    query.respond(status, json={"status": {"error": error}, "time": 0.0})
    failure = await away(settings)
    assert reason in str(failure)
    assert not failure.passing
    assert "canary" not in str(failure)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_what_another_try_may_mend_is_told_apart(
    settings: Settings, query: respx.Route, status: int
) -> None:
    query.respond(status)
    error = await away(settings)
    assert (error.passing, error.busy, error.retry_after) == (True, False, None)


@pytest.mark.parametrize(("header", "seconds"), [({"Retry-After": "7"}, 7), ({}, None)])
async def test_a_cluster_that_is_busy_may_name_its_time(
    settings: Settings, query: respx.Route, header: dict[str, str], seconds: int | None
) -> None:
    query.respond(429, headers=header, json={"status": {"error": "canary"}})
    error = await away(settings)
    assert (error.passing, error.busy, error.retry_after) == (True, True, seconds)
    assert "canary" not in str(error)


async def test_a_time_that_is_no_number_is_passed_over(settings: Settings, query: respx.Route) -> None:
    query.respond(429, headers={"Retry-After": "canary"})
    assert (await away(settings)).retry_after is None


async def test_an_answer_that_breaks_off_is_told(settings: Settings, query: respx.Route) -> None:
    query.mock(side_effect=httpx.ReadError("canary"))
    error = await away(settings)
    assert (str(error), error.passing) == ("it closed the connection", True)
