"""Which browsers get an answer."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from backend.main import Backend, create_app
from backend.origins import DEFAULT_ORIGINS
from tests.unit.backend.conftest import Configure, Services

ALLOWED = (*DEFAULT_ORIGINS, "https://owner-name.hf.space", "https://other.example")
PREVIEW = "https://textbook-git-main-acme.vercel.app"
FRONT_END = DEFAULT_ORIGINS[2]


@pytest.fixture
def app(configure: Configure, services: Services) -> Backend:
    settings = configure(
        SPACE_HOST="owner-name.hf.space",
        CORS_ALLOWED_ORIGINS="https://other.example",
        CORS_VERCEL_PREVIEW="acme/textbook",
    )
    return create_app(settings, roster=services.roster())


@pytest.fixture
def browser(app: Backend) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def preflight(browser: TestClient, origin: str) -> tuple[int, dict[str, str]]:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    answer = browser.options("/health", headers=asked)
    return answer.status_code, dict(answer.headers)


@pytest.mark.parametrize("origin", [*ALLOWED, PREVIEW])
def test_an_allowed_origin_passes_the_preflight_with_credentials(browser: TestClient, origin: str) -> None:
    status, headers = preflight(browser, origin)
    assert status == 200
    assert headers["access-control-allow-origin"] == origin
    assert headers["access-control-allow-credentials"] == "true"
    assert "POST" in headers["access-control-allow-methods"]
    assert headers["access-control-allow-headers"] == "authorization, content-type"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "https://somebody-else.hf.space",
        "https://owner-name.hf.space.attacker.example",
        "https://attacker-owner-name.hf.space",
        "http://owner-name.hf.space",
        "http://localhost:3002",
        "https://localhost:3000",
        "http://physical-ai-and-humanoid-robotics-omega.vercel.app",
        "https://physical-ai-and-humanoid-robotics-omega.vercel.app:8443",
        "https://physical-ai-and-humanoid-robotics-omega-vercel.app",
        "https://physical-ai-and-humanoid-robotics-omega.vercel.app/",
        "https://physical-ai-and-humanoid-robotics-production.up.railway.app",
        f"{PREVIEW}.attacker.example",
    ],
)
def test_any_other_origin_is_refused(browser: TestClient, origin: str) -> None:
    status, headers = preflight(browser, origin)
    assert status == 400
    assert "access-control-allow-origin" not in headers


def test_without_the_setting_no_preview_is_allowed(configure: Configure, services: Services) -> None:
    browser = TestClient(create_app(configure(), roster=services.roster()))
    assert preflight(browser, PREVIEW)[0] == 400


@pytest.mark.parametrize("origin", [*ALLOWED, PREVIEW])
@pytest.mark.parametrize("cookie", [{}, {"Cookie": "a=b"}], ids=["no cookie", "cookie"])
def test_answers_carry_the_headers(browser: TestClient, origin: str, cookie: dict[str, str]) -> None:
    answer = browser.get("/health", headers={"Origin": origin, **cookie})
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-expose-headers"] == "Retry-After, X-Request-ID"
    assert answer.headers.get_list("vary") == ["Origin"]


def test_an_answer_to_no_page_is_not_kept_for_one(browser: TestClient) -> None:
    answer = browser.get("/health")
    assert answer.headers.get_list("vary") == ["Origin"]
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_page_that_does_not_exist_carries_the_headers(browser: TestClient) -> None:
    answer = browser.get("/nowhere", headers={"Origin": FRONT_END})
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] == FRONT_END


def test_an_unhandled_error_carries_the_headers(app: Backend, browser: TestClient) -> None:
    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("out of order")

    answer = browser.get("/broken", headers={"Origin": FRONT_END})
    assert answer.status_code == 500
    assert answer.headers["access-control-allow-origin"] == FRONT_END
    assert "out of order" not in answer.text


def test_an_answer_to_a_stranger_carries_no_permission(browser: TestClient) -> None:
    answer = browser.get("/health", headers={"Origin": "https://attacker.example", "Cookie": "a=b"})
    assert "access-control-allow-origin" not in answer.headers
