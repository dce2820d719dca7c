"""A request in flight, on servers that are told to stop meanwhile and do what a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from spacedock.evidence import inflight
from spacedock.evidence.inflight import hold
from spacedock.space import Space
from tests.unit.spaces import sound_space

Serves = Callable[[socket.socket], None]
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
WITHIN = 30.0
stopping = threading.Event()  # what SIGTERM is to a server


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflight, "_TAKEN", 0.05)
    monkeypatch.setattr(inflight, "HOLD", 0.05)
    monkeypatch.setattr(inflight, "_REFUSED", 0.05)


@pytest.fixture
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that takes one connection and does with it what the test's parameter says."""
    serves: Serves = request.param
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, serves))
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(server: socket.socket, serves: Serves) -> None:
    try:
        connection, _ = server.accept()
    except OSError:  # the test asked for nothing
        return
    with connection:
        connection.settimeout(WITHIN)
        read_until(connection, b"\r\n\r\n")
        serves(connection)


def read_until(connection: socket.socket, end: bytes) -> None:
    read = b""
    while end not in read and (more := connection.recv(1)):
        read += more


def answers(connection: socket.socket) -> None:
    connection.sendall(GO_ON)
    read_until(connection, b"}")
    connection.sendall(b"HTTP/1.1 422 Unprocessable\r\nContent-Length: 2\r\n\r\n{}")


def says_go_on_twice(connection: socket.socket) -> None:
    connection.sendall(GO_ON)
    answers(connection)


def never_says_go_on(connection: socket.socket) -> None:
    read_until(connection, b"}")
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")


def refuses(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")


def hangs_up_at_once(connection: socket.socket) -> None: ...


def refuses_after_all(connection: socket.socket) -> None:
    connection.sendall(GO_ON + b"HTTP/1.1 501 Unsupported method\r\nContent-Length: 0\r\n\r\n")


def hangs_up(connection: socket.socket) -> None:
    connection.sendall(GO_ON)
    connection.recv(100)  # the half
    stopping.wait(WITHIN)


def gives_up(connection: socket.socket) -> None:
    connection.sendall(GO_ON)
    connection.recv(100)  # the half
    stopping.wait(WITHIN)
    connection.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")


def fails(connection: socket.socket) -> None:
    connection.sendall(GO_ON)
    read_until(connection, b"}")
    connection.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")


def breaks_off(connection: socket.socket) -> None:
    connection.sendall(GO_ON)
    read_until(connection, b"}")
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")


def breaks_off_a_stream(connection: socket.socket) -> None:
    connection.sendall(GO_ON)
    read_until(connection, b"}")
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf")


def never_ends(connection: socket.socket) -> None:
    connection.sendall(GO_ON)
    read_until(connection, b"}")
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    with suppress(OSError):  # the other side has had enough
        while True:
            connection.sendall(b"2\r\n{}\r\n")


def keeps_silent(connection: socket.socket) -> None:
    connection.sendall(GO_ON)
    read_until(connection, b"}")
    connection.recv(1)  # until the other side has had enough


@pytest.mark.parametrize("url", [answers, says_go_on_twice, never_says_go_on, fails], indirect=True)
def test_a_request_that_is_answered_was_not_cut_off(space: Space, url: str) -> None:
    held = hold(space, url, WITHIN)
    assert held
    held.finish()
    assert (held.line, held.cut) == ("POST /", "")


@pytest.mark.parametrize("url", [refuses, refuses_after_all, hangs_up_at_once], indirect=True)
def test_what_is_answered_before_it_is_read_cannot_be_in_flight(space: Space, url: str) -> None:
    assert hold(space, url, WITHIN) is None


@pytest.mark.parametrize("url", [hangs_up, breaks_off, breaks_off_a_stream], indirect=True)
def test_a_request_that_loses_its_connection_was_cut_off(space: Space, url: str) -> None:
    stopping.clear()
    held = hold(space, url, WITHIN)
    assert held
    stopping.set()
    held.finish()
    assert held.cut.startswith("was cut off (")


@pytest.mark.parametrize("url", [gives_up], indirect=True)
def test_an_error_before_the_rest_was_sent_is_no_answer(space: Space, url: str) -> None:
    stopping.clear()
    held = hold(space, url, WITHIN)
    assert held
    stopping.set()
    held.finish()
    assert held.cut == "was answered with 500 before the rest of it was sent"


@pytest.mark.parametrize("url", [keeps_silent, never_ends], indirect=True)
def test_a_request_without_an_answer_is_told(space: Space, url: str) -> None:
    held = hold(space, url, within=0.2)
    assert held
    held.finish()
    assert held.cut == "got no complete answer within 0 s"


@pytest.mark.parametrize("url", [answers], indirect=True)
@pytest.mark.parametrize(
    ("manifest", "line"),
    [
        ('[stream]\npath = "/chat"\n', "GET /chat"),
        ('[stream]\npath = "/chat"\nmethod = "PUT"\n', "PUT /chat"),
        ('[origins]\nallowed = ["https://a.example"]\npath = "/api"\nmethod = "PUT"\n', "PUT /api"),
    ],
)
def test_the_path_of_the_origins_or_of_the_stream_is_asked(
    tmp_path: Path, url: str, manifest: str, line: str
) -> None:
    held = hold(sound_space(tmp_path, manifest=manifest), url, WITHIN)
    assert held
    held.finish()
    assert held.line == line


def test_without_a_path_to_ask_nothing_is_held(tmp_path: Path) -> None:
    assert hold(sound_space(tmp_path, manifest=""), "http://127.0.0.1:1", WITHIN) is None


def test_a_server_that_is_not_there_holds_nothing(space: Space) -> None:
    assert hold(space, "http://127.0.0.1:1", WITHIN) is None
