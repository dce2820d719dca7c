"""The chat page as it is sent; what it does is held together with its scripts elsewhere."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from backend.api import page
from backend.api.page import STATIC
from backend.main import create_app
from tests.unit.backend.conftest import Configure


@pytest.fixture
def policy(client: TestClient) -> dict[str, str]:
    header = client.get("/").headers["content-security-policy"]
    return dict(part.split(" ", 1) for part in header.split("; "))


def test_the_page_may_be_framed_by_hugging_face_and_by_nobody_else(
    client: TestClient, policy: dict[str, str]
) -> None:
    assert policy["frame-ancestors"] == "'self' https://huggingface.co"
    assert "x-frame-options" not in client.get("/").headers


def test_the_page_runs_its_own_scripts_alone(policy: dict[str, str]) -> None:
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in " ".join(policy.values())
    assert policy["object-src"] == policy["base-uri"] == "'none'"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-cache"),
    ],
)
def test_the_page_says_how_it_may_be_used(client: TestClient, header: str, value: str) -> None:
    assert client.get("/").headers[header] == value


def test_head_tells_the_size_and_sends_nothing(client: TestClient) -> None:
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == (STATIC / "index.html").stat().st_size


def test_the_icon_is_there_for_who_was_told_of_none(client: TestClient) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


def test_everything_that_the_page_names_is_there(client: TestClient) -> None:
    named = re.findall(r'(?:src|href)="(/?static/[^"]+)"', client.get("/").text)
    assert named
    for path in named:
        assert client.get(f"/{path.lstrip('/')}").status_code == 200, path


class TestWhoAnswers:
    def test_is_not_said_where_it_is_openai(self, client: TestClient) -> None:
        assert client.get("/").text == (STATIC / "index.html").read_text()

    @pytest.mark.parametrize(
        ("url", "host"),
        [
            ("http://double.example:8080/v1", "double.example:8080"),
            ("https://api.openai.com.example/v1", "api.openai.com.example"),
            ("http://[::1]:9/v1", "[::1]:9"),
        ],
    )
    def test_is_said_where_it_is_somebody_else(self, configure: Configure, url: str, host: str) -> None:
        answer = TestClient(create_app(configure(OPENAI_BASE_URL=url))).get("/")
        assert f"Answers come from <b>{host}</b>, not from api.openai.com." in answer.text
        assert answer.headers["content-security-policy"] == page.POLICY

    def test_is_text_and_no_markup(self) -> None:
        assert "<b>a&lt;i&gt;</b>" in page.naming("a<i>")


@pytest.mark.parametrize(
    "path", ["/static/nothing.js", "/static/", "/static/../api/page.py", "/static/%2e%2e/api/page.py"]
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


class TestTheReference:
    def test_names_every_route_with_what_it_takes_and_answers(self, client: TestClient) -> None:
        page = client.get("/docs").text
        for path, operations in client.get("/openapi.json").json()["paths"].items():
            for method, operation in operations.items():
                assert f"<h2>{method.upper()} {path}</h2>" in page
                assert not [s for s in operation["responses"] if f"<dt>{s}</dt>" not in page]
        assert "<dt>question</dt>" in page
        assert "maxLength 2000" in page

    def test_loads_nothing_and_runs_nothing(self, client: TestClient) -> None:
        answer = client.get("/docs")
        assert answer.headers["content-security-policy"] == client.get("/").headers["content-security-policy"]
        assert not re.findall(r"<script|<link|<img|src=|https?://", answer.text)

    def test_is_the_only_one(self, client: TestClient) -> None:
        assert client.get("/redoc").status_code == 404
