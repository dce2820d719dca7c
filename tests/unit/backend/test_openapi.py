"""The interface describes itself, its errors included."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_described(document: dict[str, Any]) -> None:
    assert set(operations(document)) == {
        "POST /api/chat",
        "POST /api/sessions",
        "DELETE /api/sessions/current",
        "GET /api/conversations",
        "GET /api/conversations/{conversation_id}",
        "DELETE /api/conversations/{conversation_id}",
        "GET /health",
        "GET /ready",
    }


def test_every_error_of_the_interface_is_a_problem(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        errors = {status: r for status, r in operation["responses"].items() if status >= "400"}
        assert "/api/" not in name or {"422", "429", "503"} <= set(errors)
        for status, response in errors.items():
            assert response["content"] == PROBLEM or (name, status) == ("GET /ready", "503")
    assert "Problem" in document["components"]["schemas"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_a_chat_can_be_streamed(document: dict[str, Any]) -> None:
    content = operations(document)["POST /api/chat"]["responses"]["200"]["content"]
    assert content["text/event-stream"]["example"].startswith("event: citations")
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Answer"}


def test_what_needs_a_token_says_so(document: dict[str, Any]) -> None:
    secured = {name for name, operation in operations(document).items() if operation.get("security")}
    assert secured == set(operations(document)) - {"POST /api/sessions", "GET /health", "GET /ready"}


def test_what_is_sent_has_limits(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["Question"]["properties"]
    assert properties["question"]["maxLength"] == 2000
    assert properties["selected_text"]["anyOf"][0]["maxLength"] == 4000
