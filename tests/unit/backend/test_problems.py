"""Every answer that is an error has the same form, and repeats nothing that was sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from backend.chat.errors import BadCursorError, UnknownConversationError, UnknownTokenError
from backend.main import Backend
from backend.origins import DEFAULT_ORIGINS
from backend.services.base import AwayError
from backend.services.budget import StoppingError
from tests.unit.backend.conftest import Log

JSON = {"Content-Type": "application/json"}


def problem(answer: httpx2.Response) -> dict[str, Any]:
    """Return the problem that an answer is, whose form is looked at here."""
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == answer.status_code
    assert found["type"] == "about:blank"
    assert found["request_id"] == answer.headers["x-request-id"]
    assert None not in found.values()
    return found


def failing(client: TestClient, error: Exception) -> httpx2.Response:
    app = client.app
    assert isinstance(app, Backend)

    @app.get("/failing")
    async def fail() -> None:
        raise error

    return client.get("/failing", headers={"Origin": DEFAULT_ORIGINS[0]})


def away(reason: str, **how: Any) -> AwayError:
    error = AwayError(reason, **how)
    error.service = "qdrant"
    return error


@pytest.mark.parametrize(
    ("error", "status", "detail", "headers"),
    [
        (away("it is late"), 503, "qdrant is away: it is late.", {"retry-after": "5"}),
        (away("it is late", retry_after=0.2), 503, "qdrant is away: it is late.", {"retry-after": "1"}),
        (
            away("slow down", retry_after=20, busy=True),
            429,
            "qdrant is away: slow down.",
            {"retry-after": "20"},
        ),
        (StoppingError(), 503, "The Space is being restarted; ask again.", {"retry-after": "15"}),
        (UnknownTokenError(), 401, "The token is missing or not known", {"www-authenticate": "Bearer"}),
        (UnknownConversationError(), 404, "no such conversation of yours", {}),
        (BadCursorError(), 422, "before is not a cursor", {}),
        (HTTPException(418, "short and stout", {"X-Pot": "tea"}), 418, "short and stout", {"x-pot": "tea"}),
        (ValueError("canary"), 500, "The log has the request's id.", {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_is_told_as_a_problem_that_browsers_may_read(
    client: TestClient, error: Exception, status: int, detail: str, headers: dict[str, str]
) -> None:
    answer = failing(client, error)
    assert answer.status_code == status
    assert detail in problem(answer)["detail"]
    assert headers.items() <= dict(answer.headers).items()
    assert answer.headers["access-control-allow-origin"] == DEFAULT_ORIGINS[0]
    assert "Retry-After" in answer.headers["access-control-expose-headers"]


def test_a_service_that_is_away_is_named(client: TestClient) -> None:
    assert problem(failing(client, away("it is late")))["service"] == "qdrant"
    assert "service" not in problem(client.get("/nowhere"))


def test_of_an_error_that_nobody_foresaw_the_browser_gets_nothing_and_the_log_type_and_place(
    client: TestClient, written: Log
) -> None:
    answer = failing(client, ValueError("canary"))
    assert "canary" not in answer.text
    assert "ValueError" not in answer.text
    assert "canary" not in written.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/api/chat", 405),
        ("PUT", "/health", 405),
        ("GET", "/api/conversations", 401),
        ("DELETE", "/api/sessions/current", 401),
        ("POST", "/api/chat", 422),
    ],
)
def test_what_the_framework_refuses_is_a_problem_too(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, problem(answer)["title"]) == (status, HTTPStatus(status).phrase)


def refused(client: TestClient, body: bytes) -> list[dict[str, str]]:
    answer = client.post("/api/chat", content=body, headers=JSON)
    assert answer.status_code == 422
    assert "canary" not in answer.text
    errors: list[dict[str, str]] = problem(answer)["errors"]
    return errors


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"question": ["canary"]}', "/question"),
        (b'{"question": " "}', "/question"),
        (b'{"question": "canary\\u0000"}', "/question"),
        (b'{"question": "canary\\ud800"}', "/question"),
        (b'{"question": "canary' + b"y" * 2000 + b'"}', "/question"),
        (b'{"question": "canary", "selected_text": "canary' + b"y" * 4000 + b'"}', "/selected_text"),
        (b'{"question": "canary", "selected_text": ""}', "/selected_text"),
        (b'{"question": "canary", "conversation_id": "canary"}', "/conversation_id"),
        (b'{"selected_text": "canary"}', "/question"),
    ],
)
def test_what_is_wrong_is_pointed_at_and_not_repeated(client: TestClient, body: bytes, pointer: str) -> None:
    (error,) = refused(client, body)
    assert error["pointer"] == pointer
    assert error["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"question": "canary", "canary": 1}',
        b'{"question": "canary", "\\ud800": 1}',
        b'{"question": "canary"',
        b'"canary"',
        b"[]",
        b"null",
        b"",
        b"canary",
        b"\xff\xfe",
    ],
)
def test_what_is_no_question_at_all_is_refused_without_an_echo(client: TestClient, body: bytes) -> None:
    assert refused(client, body)


def test_a_form_is_refused_without_an_echo(client: TestClient) -> None:
    answer = client.post("/api/chat", data={"question": "canary"})
    assert answer.status_code == 422
    assert "canary" not in answer.text


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=canary", f"before={'canary' * 40}"])
def test_a_query_that_is_wrong_is_pointed_at_and_not_repeated(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/conversations?{query}", headers={"Authorization": "Bearer any"})
    (error,) = problem(answer)["errors"]
    assert answer.status_code == 422
    assert error["pointer"] == f"/{query.partition('=')[0]}"
    assert "canary" not in answer.text


class TestTheIdOfARequest:
    def test_is_new_each_time(self, client: TestClient) -> None:
        ids = [client.get("/health").headers["x-request-id"] for _ in range(2)]
        assert len(set(ids)) == 2
        assert all(len(one) == 32 for one in ids)

    def test_is_the_callers_where_there_is_one(self, client: TestClient) -> None:
        answer = client.get("/nowhere", headers={"X-Request-ID": "call-42_a.b"})
        assert answer.headers["x-request-id"] == problem(answer)["request_id"] == "call-42_a.b"

    @pytest.mark.parametrize(
        "given", ["short", "x" * 65, "with space", 'quo"ted-word', "a;drop-table", "two\tparts"]
    )
    def test_is_replaced_when_it_is_malformed(self, client: TestClient, written: Log, given: str) -> None:
        answer = client.get("/nowhere", headers={"X-Request-ID": given})
        assert answer.headers["x-request-id"] == problem(answer)["request_id"] != given
        assert given not in written.text
