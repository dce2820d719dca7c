from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx

from spacedock.contract.evidence.asking import Answer, headers_of, send, send_at_once, send_through
from spacedock.space.manifest import Request
from tests.unit.fakes import FakeInstance

NOTES = Request(path="/api/notes")
INSTANCE = FakeInstance(environment={"API_TOKEN": "t0p"})


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url="http://space.test", assert_all_called=False) as router:
        router.route(name="any").respond(200, text="fine")
        yield router


def sent(server: respx.MockRouter) -> httpx.Request:
    request: httpx.Request = server.calls.last.request
    return request


def answer(status: int | None, text: str = "") -> Answer:
    return Answer(NOTES, status, text, httpx.Headers())


def test_a_request_is_sent_as_the_manifest_has_it(server: respx.MockRouter) -> None:
    send(
        INSTANCE,
        Request(path="/api/notes?first=2", method="PUT", headers={"x-kind": "short"}, body="as it is"),
    )
    assert (sent(server).method, str(sent(server).url)) == ("PUT", "http://space.test/api/notes?first=2")
    assert sent(server).headers["x-kind"] == "short"
    assert sent(server).content == b"as it is"


@pytest.mark.parametrize("body", [{"text": "a"}, ["a"], {}])
def test_a_body_that_is_no_text_is_sent_as_json(server: respx.MockRouter, body: Any) -> None:
    send(INSTANCE, Request(path="/", method="POST", body=body))
    assert sent(server).headers["content-type"] == "application/json"
    assert json.loads(sent(server).content) == body


def test_a_request_without_a_body_sends_none(server: respx.MockRouter) -> None:
    send(INSTANCE, NOTES)
    assert sent(server).content == b""


def test_a_secret_of_the_instance_takes_the_place_of_its_name(server: respx.MockRouter) -> None:
    send(INSTANCE, Request(path="/", headers={"authorization": "Bearer $API_TOKEN"}))
    assert sent(server).headers["authorization"] == "Bearer t0p"


def test_a_name_that_the_instance_does_not_have_is_left_as_it_is() -> None:
    request = Request(path="/", headers={"x-price": "$5", "x-name": "$OTHER"})
    assert headers_of(request, INSTANCE) == {"x-price": "$5", "x-name": "$OTHER"}


def test_what_the_caller_adds_wins(server: respx.MockRouter) -> None:
    send(
        INSTANCE, Request(path="/", headers={"origin": "https://a.example"}), {"origin": "https://b.example"}
    )
    assert sent(server).headers["origin"] == "https://b.example"


def test_only_the_headers_that_are_given_go_through_a_client(server: respx.MockRouter) -> None:
    with httpx.Client(base_url="http://space.test") as client:
        send_through(client, Request(path="/", headers={"authorization": "Bearer $API_TOKEN"}), {"x-a": "1"})
    assert sent(server).headers["x-a"] == "1"
    assert "authorization" not in sent(server).headers


def test_the_environment_of_whoever_asks_is_left_out(
    server: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(httpx.Client, "__init__", _noting(httpx.Client.__init__, given))
    send(INSTANCE, NOTES)
    assert given["trust_env"] is False  # a proxy of the developer's stands in front of nothing here


def _noting(real: Any, given: dict[str, Any]) -> Any:
    def init(client: httpx.Client, **options: Any) -> None:
        given.update(options)
        real(client, **options)

    return init


def test_the_answer_is_kept_on_one_line_and_not_at_length(server: respx.MockRouter) -> None:
    server["any"].respond(500, text="no\n  such table" + " x" * 400, headers={"x-a": "1"})
    found = send(INSTANCE, NOTES)
    assert (found.status, found.headers["x-a"]) == (500, "1")
    assert found.text.startswith("no such table x")
    assert len(found.text) == 300


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectError("refused"), "GET /api/notes is not answered: ConnectError refused"),
        (httpx.ReadTimeout(""), "GET /api/notes is not answered: ReadTimeout"),
        (httpx.RemoteProtocolError("hung up"), "GET /api/notes is not answered: RemoteProtocolError hung up"),
    ],
)
def test_where_nothing_comes_back_that_is_the_answer(
    server: respx.MockRouter, error: Exception, said: str
) -> None:
    server["any"].mock(side_effect=error)
    found = send(INSTANCE, NOTES)
    assert (found.status, str(found)) == (None, said)


@pytest.mark.parametrize(
    ("status", "failed"), [(None, True), (500, True), (503, True), (200, False), (307, False), (404, False)]
)
def test_the_space_has_failed_where_it_says_so_or_nothing(status: int | None, failed: bool) -> None:
    assert answer(status).failed is failed


def test_an_answer_tells_what_was_asked_and_what_was_said() -> None:
    assert str(answer(500, "no such table")) == "GET /api/notes answers 500: no such table"
    assert str(answer(204)) == "GET /api/notes answers 204"
    assert str(answer(None)) == "GET /api/notes is not answered"


def test_all_are_under_way_at_once(server: respx.MockRouter) -> None:
    together = threading.Barrier(
        6, timeout=10
    )  # breaks, and fails the test, unless all six are asked at once

    def wait(_request: httpx.Request) -> httpx.Response:
        together.wait()
        return httpx.Response(200)

    server["any"].mock(side_effect=wait)
    answers = send_at_once(INSTANCE, [NOTES, Request(path="/other")], times=3)
    assert [(found.request.path, found.status) for found in answers] == [
        *[("/api/notes", 200)] * 3,
        *[("/other", 200)] * 3,
    ]
