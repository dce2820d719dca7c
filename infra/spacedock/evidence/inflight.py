"""A request that a server is in the middle of: its body is withheld, so that it cannot be answered yet."""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress
from http.client import HTTPException, HTTPResponse, IncompleteRead
from urllib.parse import urlsplit

from spacedock.space import Space

# Half of it is sent before the stop, half after it. Any answer is one, also to what a Space does not know.
_BODY = b'{"spacedock": "a request in flight"}'
_HALF = len(_BODY) // 2

_CONNECT = 2.0  # seconds
_TAKEN = 1.0  # seconds until the server says that it wants the body; one that never says so has it by then
_CHUNK = 65536
_FAILED = 500  # and above: of a request that it gave up, a server may still say so
_REFUSED = 0.2  # seconds until one that says so before it knows whether it can read it has answered
HOLD = 0.5  # seconds after SIGTERM in which the body is still withheld: who cuts off does so at once


class Held:
    """A request in flight. `cut` says how it was cut off; empty while it was not."""

    def __init__(self, connection: socket.socket, line: str, within: float) -> None:
        self._connection = connection
        self._within = within
        self.line = line
        self.cut = ""

    def finish(self) -> None:
        """Wait whether it is cut off, send the rest, read the answer, and close the connection."""
        deadline = time.monotonic() + self._within
        with self._connection:
            try:
                before = _readable(self._connection, HOLD)
                if not before:
                    self._connection.sendall(_BODY[_HALF:])
                status = self._read(deadline)
                if before and status >= _FAILED:
                    self.cut = f"was answered with {status} before the rest of it was sent"
            except TimeoutError:
                self.cut = f"got no complete answer within {self._within:.0f} s"
            except (OSError, HTTPException) as error:
                self.cut = f"was cut off ({type(error).__name__})"

    def _read(self, deadline: float) -> int:
        """Read the whole answer, which may be a stream; return its status. TimeoutError at the `deadline`."""
        self._connection.settimeout(max(0.1, deadline - time.monotonic()))
        answer = HTTPResponse(self._connection)
        answer.begin()
        while answer.read1(_CHUNK):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._connection.settimeout(left)
        if answer.length:  # what was announced and did not come
            raise IncompleteRead(b"", answer.length)
        return answer.status


def hold(space: Space, url: str, within: float) -> Held | None:
    """Send half a request to the path of the manifest's origins, or of its stream.

    Returns None where none can be in flight there: the manifest names neither, or the Space answers before it
    has read the request, as it does one that it refuses.
    """
    line = _request_line(space)
    if not line:
        return None
    try:
        return _sent(space.host, url, line, within)
    except OSError:
        return None  # whether it answers at all is not the question here


def _request_line(space: Space) -> str:
    origins, stream = space.manifest.origins, space.manifest.stream
    if origins.allowed:
        return f"{origins.method} {origins.path}"
    return f"{stream.method} {stream.path}" if stream else ""


def _sent(host: str, url: str, line: str, within: float) -> Held | None:
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname or "", address.port or 80), timeout=_CONNECT)
    held = False
    try:
        connection.sendall(_head(host, line))
        if _wants_the_body(connection, _TAKEN):
            connection.sendall(_BODY[:_HALF])
            held = _wants_the_body(connection, _REFUSED)
    finally:
        if not held:
            connection.close()
    return Held(connection, line, within) if held else None


def _head(host: str, line: str) -> bytes:
    # Servers answer 100 once they read the body (RFC 9110, 10.1.1), which shows that they have the request.
    return (
        f"{line} HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n"
        "Expect: 100-continue\r\nConnection: close\r\n\r\n"
    ).encode()


def _wants_the_body(connection: socket.socket, seconds: float) -> bool:
    """Whether the server goes on to read; False where it answers, or hangs up, within so many seconds."""
    while _readable(connection, seconds):
        if not _head_of_an_answer(connection).startswith(b"HTTP/1.1 100"):
            return False
        seconds = 0.0  # some say it twice
    return True


def _head_of_an_answer(connection: socket.socket) -> bytes:
    head = b""
    with suppress(TimeoutError):
        while not head.endswith(b"\r\n\r\n") and (byte := connection.recv(1)):
            head += byte
    return head


def _readable(connection: socket.socket, seconds: float) -> bool:
    return bool(select.select([connection], [], [], seconds)[0])
