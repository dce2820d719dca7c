"""A reader from the first token to the last, over HTTP and with a database; book and model are fakes."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi.testclient import TestClient

from backend.main import create_app
from backend.services.postgres import Postgres
from backend.services.roster import Roster
from tests.integration.backend.conftest import Configure
from tests.unit.backend.conftest import Services
from tests.unit.backend.fakes import Book, Model


@pytest.fixture
def client(shared: str, configure: Configure) -> Iterator[TestClient]:
    settings = configure(shared, rate_limit="1000/day")
    services = Services(Postgres(settings), Book(), Model())  # type: ignore[arg-type]
    app = create_app(settings, roster=Roster(services.open, within=settings.service_timeout))
    with TestClient(app) as browser:
        yield browser


class Reader:
    """Somebody with a token."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        begun = client.post("/api/sessions")
        assert (begun.status_code, begun.headers["cache-control"]) == (201, "no-store")
        assert begun.json()["token_type"] == "bearer"
        self.token = begun.json()["token"]

    def request(self, method: str, path: str, **more: object) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self._client.request(method, f"/api/{path}", headers=headers, **more)  # type: ignore[arg-type]

    def ask(self, question: str = "Where is it?", conversation: str | None = None) -> httpx2.Response:
        asked = {"question": question, "conversation_id": conversation}
        return self.request("POST", "chat", json=asked)

    def begin(self) -> str:
        id_: str = self.ask().json()["conversation_id"]
        return id_

    def listed(self) -> list[str]:
        return [one["id"] for one in self.request("GET", "conversations").json()["conversations"]]


@pytest.fixture
def reader(client: TestClient) -> Reader:
    return Reader(client)


def test_what_was_asked_can_be_read_again(reader: Reader) -> None:
    conversation = reader.begin()
    assert reader.ask("Why?", conversation).json()["conversation_id"] == conversation
    read = reader.request("GET", f"conversations/{conversation}").json()
    assert read["title"] == "Where is it?"
    assert [message["content"] for message in read["messages"]] == [
        "Where is it?",
        "It is on the ground [1].",
        "Why?",
        "It is on the ground [1].",
    ]
    answer = read["messages"][1]
    assert answer["content_html"] == "<p>It is on the ground [1].</p>\n"
    assert [citation["number"] for citation in answer["citations"]] == [1]


def test_pages_lead_to_each_other(reader: Reader) -> None:
    begun = [reader.begin() for _ in range(3)]
    first = reader.request("GET", "conversations", params={"limit": 2}).json()
    second = reader.request("GET", "conversations", params={"limit": 2, "before": first["next"]}).json()
    found = [one["id"] for page in (first, second) for one in page["conversations"]]
    assert (found, second["next"]) == (begun[::-1], None)


def test_a_cursor_that_no_page_gave_is_a_422(reader: Reader) -> None:
    answer = reader.request("GET", "conversations", params={"before": "canary"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/before")


def test_what_was_deleted_is_gone(reader: Reader) -> None:
    gone, kept = reader.begin(), reader.begin()
    assert reader.request("DELETE", f"conversations/{gone}").status_code == 204
    assert reader.request("DELETE", f"conversations/{gone}").status_code == 404
    assert reader.request("GET", f"conversations/{gone}").status_code == 404
    assert reader.listed() == [kept]


@pytest.mark.parametrize(("method", "whose"), [("GET", "theirs"), ("DELETE", "theirs"), ("GET", "nobody's")])
def test_what_is_not_the_readers_is_a_404(
    client: TestClient, reader: Reader, method: str, whose: str
) -> None:
    conversation = reader.begin() if whose == "theirs" else str(uuid4())
    answer = Reader(client).request(method, f"conversations/{conversation}")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no such conversation of yours."
    assert len(reader.listed()) == (whose == "theirs")


def test_nobody_goes_on_with_what_is_not_theirs(client: TestClient, reader: Reader) -> None:
    conversation = reader.begin()
    assert Reader(client).ask("Mine?", conversation).status_code == 404
    assert len(reader.request("GET", f"conversations/{conversation}").json()["messages"]) == 2


def test_a_token_that_was_given_back_opens_nothing(reader: Reader) -> None:
    reader.begin()
    assert reader.request("DELETE", "sessions/current").status_code == 204
    for method, path in (("GET", "conversations"), ("DELETE", "sessions/current")):
        answer = reader.request(method, path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert reader.ask().status_code == 401


def test_a_conversation_that_is_no_id_is_a_422(reader: Reader) -> None:
    assert reader.request("GET", "conversations/canary").status_code == 422


def test_ids_are_random(reader: Reader) -> None:
    assert UUID(reader.begin()).version == 4
