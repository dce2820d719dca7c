"""What the backend says of itself."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi.testclient import TestClient

from backend.main import create_app
from tests.unit.backend.conftest import Configure, Services


def test_health_is_200_when_everything_is_away(client: TestClient, services: Services) -> None:
    services.postgres.away = services.qdrant.away = services.openai.away = "it refuses connections"
    assert client.get("/ready").status_code == 503
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["services"]["qdrant"] == {"state": "away", "detail": "it refuses connections"}


def test_health_asks_nobody(configure: Configure, services: Services) -> None:
    browser = TestClient(create_app(configure(), roster=services.roster()))  # no lifespan: nothing was asked
    assert browser.get("/health").json()["services"]["postgres"]["state"] == "unknown"
    assert services.postgres.asked == 0


@pytest.mark.anyio
async def test_the_start_does_not_wait_for_a_silent_service(configure: Configure, services: Services) -> None:
    services.postgres.silent = True
    app = create_app(configure(), roster=services.roster(within=60))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as browser:
        answer = await asyncio.wait_for(browser.get("http://space.test/health"), timeout=5)
    assert answer.json()["services"]["postgres"]["state"] == "unknown"


def test_ready_is_200_when_all_services_are(client: TestClient) -> None:
    answer = client.get("/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert answer.json()["missing"] == []


def test_ready_names_what_is_missing(client: TestClient, services: Services) -> None:
    services.qdrant.away = "it refused the key"
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["missing"] == ["qdrant"]
    assert answer.json()["services"]["qdrant"]["detail"] == "it refused the key"


def test_ready_gives_up_on_a_silent_service(client: TestClient, services: Services) -> None:
    services.postgres.silent = True
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["postgres"]
    assert "did not answer within" in answer.json()["services"]["postgres"]["detail"]


def test_ready_notices_that_a_service_is_back(client: TestClient, services: Services) -> None:
    services.postgres.away = "it refuses connections"
    assert client.get("/ready").status_code == 503
    services.postgres.away = ""
    assert client.get("/ready").status_code == 200


PATHS = ["/", "/health", "/ready", "/docs", "/openapi.json", "/static/chat.js"]


@pytest.mark.parametrize("path", PATHS)
def test_head_is_answered_as_get_is_without_the_body(client: TestClient, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert got.status_code == head.status_code == 200
    assert head.content == b""
    for name in ("content-type", "content-length"):
        assert head.headers[name] == got.headers[name]


def test_head_of_what_is_missing_is_a_503_too(client: TestClient, services: Services) -> None:
    services.qdrant.away = "it refused the key"
    assert (client.head("/ready").status_code, client.head("/nowhere").status_code) == (503, 404)


@pytest.mark.anyio
async def test_the_services_are_not_asked_as_often_as_somebody_likes(services: Services) -> None:
    hour = services.roster(pause=3600)
    async with asyncio.timeout(10):
        await hour.ask_all()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.gather(*(hour.ask_all() for _ in range(20)))
    assert services.postgres.asked == 1
    async with hour:
        pass


def test_the_first_page_is_a_page(client: TestClient) -> None:
    answer = client.get("/?logs=container")
    assert answer.headers["content-type"].startswith("text/html")
    assert "x-frame-options" not in answer.headers
