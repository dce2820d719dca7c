"""One line in the log for each request, with nothing in it that is a reader's."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from backend.api.access import MAX_PATH
from backend.main import Backend
from tests.unit.backend.conftest import Log

Line = dict[str, object]


def lines(written: Log) -> list[Line]:
    told = ("method", "path", "status")
    requests = [event for event in written.events if event["message"] == "request"]
    assert all(isinstance(event["milliseconds"], int) for event in requests)
    return [{name: event[name] for name in told} for event in requests]


def test_a_request_is_one_line(client: TestClient, written: Log) -> None:
    client.get("/ready")
    assert lines(written) == [{"method": "GET", "path": "/ready", "status": 200}]


def test_health_is_a_line_for_who_looks_closely_alone(client: TestClient, written: Log) -> None:
    client.get("/health")
    client.head("/health")
    assert lines(written) == []
    written.start("DEBUG")
    client.get("/health")
    assert lines(written) == [{"method": "GET", "path": "/health", "status": 200}]


def test_health_that_is_not_well_is_a_line(client: TestClient, written: Log) -> None:
    client.post("/health")
    assert lines(written) == [{"method": "POST", "path": "/health", "status": 405}]


def test_no_query_is_written(client: TestClient, written: Log) -> None:
    client.get("/ready?question=canary")
    client.get("/nowhere?question=canary")
    assert len(lines(written)) == 2
    assert "canary" not in written.text


def test_the_pattern_of_a_route_stands_for_its_path(client: TestClient, written: Log) -> None:
    conversation = uuid4()
    client.get(f"/api/conversations/{conversation}")
    assert lines(written) == [
        {"method": "GET", "path": "/api/conversations/{conversation_id}", "status": 401}
    ]
    assert str(conversation) not in written.text


def test_what_has_no_route_is_told_by_its_path(client: TestClient, written: Log) -> None:
    client.get("/wp-login.php")
    assert lines(written) == [{"method": "GET", "path": "/wp-login.php", "status": 404}]


def test_of_a_long_path_the_beginning_is_told(client: TestClient, written: Log) -> None:
    client.get("/" + "x" * 5000)
    assert lines(written) == [{"method": "GET", "path": "/" + "x" * (MAX_PATH - 1), "status": 404}]


@pytest.mark.parametrize("given", ["short", "x" * 65, "a b c d e f", "\xe4" * 8, "forged-id\x7f"])
def test_an_id_that_may_not_go_into_the_log_is_replaced(client: TestClient, written: Log, given: str) -> None:
    answer = client.get("/ready", headers={b"X-Request-ID": given.encode("latin-1")})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert written.events[-1]["request_id"] == answer.headers["x-request-id"]


def test_a_path_cannot_begin_a_line_of_its_own(client: TestClient, written: Log) -> None:
    client.get("/a%0a%7B%22level%22:%22forged%22%7D")
    assert len(lines(written)) == 1
    assert {event["level"] for event in written.events} == {"info"}


def test_no_address_and_no_header_is_written(client: TestClient, written: Log) -> None:
    headers = {"Authorization": "Bearer canary", "X-Forwarded-For": "203.0.113.9", "User-Agent": "canary"}
    client.get("/api/conversations", headers=headers)
    assert lines(written)
    assert "canary" not in written.text
    assert "203.0.113.9" not in written.text


def test_an_unhandled_error_is_a_500_with_its_type_and_place_and_without_its_text(
    client: TestClient, written: Log
) -> None:
    app = client.app
    assert isinstance(app, Backend)

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("canary")

    answer = client.get("/broken")
    assert answer.status_code == 500
    assert lines(written) == [{"method": "GET", "path": "/broken", "status": 500}]
    assert "canary" not in written.text


@pytest.mark.parametrize("given", [{}, {"X-Request-ID": "an-id-of-the-caller"}], ids=["ours", "the caller's"])
def test_a_line_carries_the_id_that_the_answer_has(
    client: TestClient, written: Log, given: dict[str, str]
) -> None:
    answer = client.get("/ready", headers=given)
    assert written.events[-1]["request_id"] == answer.headers["x-request-id"]
    assert given.get("X-Request-ID", answer.headers["x-request-id"]) == answer.headers["x-request-id"]
