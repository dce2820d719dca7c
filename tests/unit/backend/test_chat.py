"""Asking over HTTP: the whole answer, or as it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi.testclient import TestClient

from backend.chat import memory
from backend.main import create_app
from backend.services.base import AwayError
from tests.unit.backend.asgi import events
from tests.unit.backend.conftest import CANARIES, Configure, Log, Services
from tests.unit.backend.fakes import TOKEN, Book, Model, Shelf

STREAM = {"Accept": "text/event-stream"}
READER = {"Authorization": f"Bearer {TOKEN}"}
FAILURE = AwayError("its answer broke off", passing=False)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(memory, "Memory", lambda notebook: notebook)
    return Shelf()


@pytest.fixture
def services(model: Model, book: Book, shelf: Shelf) -> Services:
    return Services(shelf, book, model)


@pytest.fixture
def client(configure: Configure, services: Services) -> Iterator[TestClient]:
    settings = configure(TEXTBOOK_URL="https://textbook.example/docs")
    app = create_app(settings, roster=services.roster())
    with TestClient(app, raise_server_exceptions=False) as browser:
        yield browser


def ask(client: TestClient, headers: dict[str, str] | None = None, **more: object) -> httpx2.Response:
    return client.post("/api/chat", json={"question": "Where is it?", **more}, headers=headers)


def ask_stream(
    client: TestClient, headers: dict[str, str] | None = None, **more: object
) -> list[tuple[str, dict[str, Any]]]:
    answer = ask(client, {**STREAM, **(headers or {})}, **more)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    return events(answer.text)


CITATIONS = [
    {
        "number": 1,
        "chapter": "Balance",
        "heading": "The zero moment point",
        "url": "https://textbook.example/docs/05-balance#zero-moment-point",
        "quote": "It is on the ground.",
    },
    {
        "number": 2,
        "chapter": "Walking",
        "heading": "The gait",
        "url": "https://textbook.example/docs/06-walking#the-gait",
        "quote": "A gait repeats.",
    },
]
ANSWER = {
    "answer": "It is on the ground [1].",
    "answer_html": "<p>It is on the ground [1].</p>\n",
    "grounded": True,
    "citations": CITATIONS[:1],
    "conversation_id": None,
    "notices": [],
}


class TestTheWholeAnswer:
    def test_has_the_text_and_what_it_stands_on(self, client: TestClient) -> None:
        answer = ask(client)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == ANSWER

    def test_is_safe_to_show(self, client: TestClient, model: Model) -> None:
        model.parts = ["<script>alert(1)</script> [x](javascript:a) ![y](https://attacker.example/z) **b**"]
        html = ask(client).json()["answer_html"]
        assert "<strong>b</strong>" in html
        assert "<script" not in html
        assert "<img" not in html
        assert "href" not in html

    def test_is_no_answer_when_it_breaks_off(self, client: TestClient, model: Model) -> None:
        model.parts = ["It is ", FAILURE]
        answer = ask(client)
        assert (answer.status_code, answer.json()["service"]) == (503, "openai")
        assert model.written[0].closed

    def test_ends_the_call_to_the_model(self, client: TestClient, model: Model) -> None:
        ask(client)
        assert model.written[0].closed


class TestTheStream:
    def test_tells_what_was_found_then_the_parts_then_the_answer(self, client: TestClient) -> None:
        first, *tokens, last = ask_stream(client)
        assert first == ("citations", {"citations": CITATIONS})
        assert {name for name, _ in tokens} == {"token"}
        assert "".join(data["text"] for _, data in tokens) == ANSWER["answer"]
        assert last == ("done", ANSWER)

    def test_passes_buffering_proxies_and_is_not_kept(self, client: TestClient) -> None:
        headers = ask(client, STREAM).headers
        assert headers["x-accel-buffering"] == "no"
        # With no-store, Chromium counts a stream that was read to its end as aborted.
        assert headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize(
        "text", ["one\ntwo\n\nthree", "a\r\nb\rc", "\N{LINE SEPARATOR}\x85", "event: done"]
    )
    def test_carries_any_text(self, client: TestClient, model: Model, text: str) -> None:
        model.parts = [text]
        names = [name for name, _ in ask_stream(client)]
        assert names == ["citations", "token", "done"]
        assert ask_stream(client)[1] == ("token", {"text": text})

    def test_says_nothing_of_empty_parts(self, client: TestClient, model: Model) -> None:
        model.parts = ["", "It is.", ""]
        assert [name for name, _ in ask_stream(client)] == ["citations", "token", "done"]

    def test_ends_with_an_error_when_the_answer_breaks_off(
        self, client: TestClient, model: Model, written: Log
    ) -> None:
        model.parts = ["It is ", FAILURE]
        *before, (last, problem) = ask_stream(client)
        assert [name for name, _ in before] == ["citations", "token"]
        assert last == "error"
        assert (problem["status"], problem["service"]) == (503, "openai")
        assert problem["detail"] == "openai is away: its answer broke off."
        assert problem["request_id"]
        assert model.written[0].closed

    def test_ends_with_an_error_that_tells_nothing_of_what_nobody_foresaw(
        self, client: TestClient, model: Model, written: Log
    ) -> None:
        model.parts = ["It is ", ValueError("canary")]
        last, problem = ask_stream(client)[-1]
        assert (last, problem["status"]) == ("error", 500)
        assert "canary" not in written.text + json.dumps(problem)
        (event,) = [event for event in written.events if event["level"] == "error"]
        assert event["error"] == "ValueError"
        assert event["request_id"] == problem["request_id"]

    def test_ends_the_call_to_the_model(self, client: TestClient, model: Model) -> None:
        ask_stream(client)
        assert model.written[0].closed

    def test_is_what_any_accept_header_gets_that_names_it(self, client: TestClient) -> None:
        answer = ask(client, {"Accept": "application/json;q=0.5, text/event-stream"})
        assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.fixture(params=["whole", "stream"])
def accept(request: pytest.FixtureRequest) -> dict[str, str]:
    return STREAM if request.param == "stream" else {"Accept": "application/json"}


def last(answer: httpx2.Response) -> dict[str, Any]:
    """Return the answer, whichever way it came."""
    assert answer.status_code == 200
    if answer.headers["content-type"].startswith("text/event-stream"):
        name, data = events(answer.text)[-1]
        assert name == "done"
        return data
    found: dict[str, Any] = answer.json()
    return found


class TestInEitherForm:
    def test_the_book_that_is_away_is_a_503_that_names_it(
        self, client: TestClient, book: Book, accept: dict[str, str]
    ) -> None:
        book.away = "it refuses connections"
        answer = ask(client, accept)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["service"] == "qdrant"
        assert answer.json()["detail"] == "qdrant is away: it refuses connections."

    def test_the_model_that_is_away_is_a_503_that_names_it(
        self, client: TestClient, model: Model, accept: dict[str, str]
    ) -> None:
        model.away = "it refused the key"
        answer = ask(client, accept)
        assert (answer.status_code, answer.json()["service"]) == (503, "openai")
        assert answer.headers["retry-after"]

    def test_a_model_that_refuses_to_answer_is_a_503_before_the_stream(
        self, client: TestClient, model: Model, accept: dict[str, str]
    ) -> None:
        model.refusal = "it does not know the model or the address"
        answer = ask(client, accept)
        assert (answer.status_code, answer.json()["service"]) == (503, "openai")

    def test_a_model_that_is_busy_is_a_429_with_its_own_time(
        self, client: TestClient, model: Model, accept: dict[str, str]
    ) -> None:
        model.refusal = AwayError("it asks us to slow down", passing=False, retry_after=20, busy=True)
        answer = ask(client, accept)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "20")
        assert answer.json()["service"] == "openai"

    def test_with_a_marked_passage_the_book_may_be_away(
        self, client: TestClient, model: Model, book: Book, accept: dict[str, str]
    ) -> None:
        book.away = "it refuses connections"
        answer = last(ask(client, accept, selected_text="The ZMP is on the ground."))
        assert answer["grounded"] is True
        assert answer["citations"] == []
        (notice,) = answer["notices"]
        assert notice["service"] == "qdrant"
        assert notice["detail"].startswith("The answer stands on the marked passage alone")
        assert "The ZMP is on the ground." in model.told[0][-1]["content"]

    def test_the_memory_that_is_away_is_a_notice(
        self, client: TestClient, shelf: Shelf, accept: dict[str, str]
    ) -> None:
        shelf.away = "it refuses connections"
        answer = last(ask(client, {**accept, **READER}))
        assert answer["answer"] == ANSWER["answer"]
        assert answer["conversation_id"] is None
        assert answer["notices"] == [
            {
                "service": "postgres",
                "detail": "This conversation is not kept: postgres is away (it refuses connections).",
            }
        ]

    def test_without_a_token_nothing_is_kept_nor_missed(
        self, client: TestClient, shelf: Shelf, accept: dict[str, str]
    ) -> None:
        answer = last(ask(client, accept))
        assert (answer["conversation_id"], answer["notices"], shelf.transactions) == (None, [], 0)

    def test_a_book_without_an_answer_is_not_a_question_to_the_model(
        self, client: TestClient, model: Model, book: Book, accept: dict[str, str]
    ) -> None:
        book.passages = []
        answer = last(ask(client, accept))
        assert answer["grounded"] is False
        assert answer["answer"].startswith("The textbook has nothing about this.")
        assert answer["citations"] == []
        assert model.told == []

    def test_an_exchange_is_kept_and_goes_on(
        self, client: TestClient, shelf: Shelf, accept: dict[str, str]
    ) -> None:
        first = last(ask(client, {**accept, **READER}))["conversation_id"]
        again = last(ask(client, {**accept, **READER}, conversation_id=first))["conversation_id"]
        assert first == again
        (kept,) = shelf.notebook.readers[TOKEN].values()
        assert [m.role for m in kept] == ["user", "assistant"] * 2

    @pytest.mark.parametrize("headers", [{"Authorization": "Bearer unknown"}], ids=["unknown"])
    def test_an_unknown_token_is_a_401(
        self, client: TestClient, accept: dict[str, str], headers: dict[str, str]
    ) -> None:
        answer = ask(client, {**accept, **headers})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "unknown" not in answer.text

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic dTpw"}], ids=["none", "another kind"])
    def test_a_conversation_without_a_token_is_a_401(
        self, client: TestClient, model: Model, accept: dict[str, str], headers: dict[str, str]
    ) -> None:
        assert ask(client, {**accept, **headers}, conversation_id=str(uuid4())).status_code == 401
        assert model.embedded == []

    def test_a_conversation_that_is_not_the_readers_is_a_404(
        self, client: TestClient, model: Model, accept: dict[str, str]
    ) -> None:
        answer = ask(client, {**accept, **READER}, conversation_id=str(uuid4()))
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert model.told == []

    def test_the_log_has_nothing_that_was_asked_or_said_and_no_secret(
        self, client: TestClient, model: Model, written: Log, accept: dict[str, str]
    ) -> None:
        model.parts = ["said-canary"]
        ask(client, {**accept, **READER}, question="asked-canary", selected_text="marked-canary")
        ask(client, {**accept, "Authorization": "Bearer other-canary"}, question="asked-canary")
        assert [event for event in written.events if event["message"] == "request"]
        assert not [canary for canary in (*CANARIES, "canary") if canary in written.text]


@pytest.mark.parametrize("what", ["answer", "problem"])
def test_no_secret_is_in_what_is_sent(client: TestClient, book: Book, what: str) -> None:
    book.away = "" if what == "answer" else RuntimeError("qdrant-key-canary")
    for headers in (READER, {**READER, **STREAM}):
        answer = ask(client, headers)
        assert answer.status_code == (200 if what == "answer" else 500)
        assert not [canary for canary in (*CANARIES, TOKEN) if canary in f"{answer.text} {answer.headers}"]
