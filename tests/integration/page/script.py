"""What the API says, in the words of its contract."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.page.double import Reply, Step

Json = dict[str, Any]

TOKEN = "token-of-a-visitor"
CONVERSATION = "6f1c1d7e-8f0a-4a52-9c38-0d9f0f0c1a01"
BALANCE: Json = {
    "number": 1,
    "chapter": "Dynamics and Balance",
    "heading": "The zero moment point",
    "url": "https://textbook.example/docs/05-dynamics-and-balance#the-zero-moment-point",
    "quote": "The zero moment point is where the tipping moment of gravity and inertia is zero.",
}
WALKING: Json = {
    "number": 3,
    "chapter": "Locomotion",
    "heading": "Walking as controlled falling",
    "url": "https://textbook.example/docs/06-locomotion#walking-as-controlled-falling",
    "quote": "Between two steps the body falls forward, and the next foot catches it.",
}


def event(name: str, data: Json) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def citations(*found: Json) -> bytes:
    return event("citations", {"citations": list(found)})


def token(text: str) -> bytes:
    return event("token", {"text": text})


def answer(
    html: str, *cited: Json, text: str = "", notices: list[Json] | None = None, **changes: Any
) -> Json:
    """The final answer of a conversation that is kept."""
    return {
        "answer": text or html,
        "answer_html": html,
        "grounded": bool(cited),
        "citations": list(cited),
        "conversation_id": CONVERSATION,
        "notices": notices or [],
        **changes,
    }


def done(html: str, *cited: Json, notices: list[Json] | None = None, **changes: Any) -> bytes:
    return event("done", answer(html, *cited, notices=notices, **changes))


def stream(*steps: Step) -> Reply:
    return Reply(steps=steps)


def problem(
    status: int, title: str, detail: str, *, service: str | None = None, retry_after: int | str | None = None
) -> Reply:
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail, "service": service}
    headers = {"content-type": "application/problem+json"}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return Reply(status, json.dumps(said).encode(), headers)


def said(data: Json, status: int = 200) -> Reply:
    return Reply(status, json.dumps(data).encode(), {"content-type": "application/json"})


def session(token: str = TOKEN) -> Reply:
    return said({"token": token, "token_type": "bearer"}, 201)


NOTHING = Reply(204)
