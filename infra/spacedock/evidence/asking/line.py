"""A line to a Space: one client with one connection, which is hung up when the time is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import MSG_PEEK, SHUT_RDWR, socket
from typing import TYPE_CHECKING, Any

from spacedock.evidence.asking.decoding import ACCEPTED

if TYPE_CHECKING:
    import httpx

# Sent twice they do no harm (RFC 9110, 9.2.2). Others never go over a connection that may be stale.
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})

_CONNECTED = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})
_SENT = "http11.receive_response_headers.started"


def broken() -> tuple[type[Exception], ...]:
    """Return what can go wrong on the way, whatever the Space does; the last two sockets say when hung up."""
    import httpx

    return httpx.HTTPError, httpx.StreamError, OSError, ValueError


def _stale() -> tuple[type[Exception], ...]:
    import httpx

    return httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError


@dataclass(frozen=True)
class Sent:
    """A request as it goes out."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str] = field(default_factory=dict)
    content: str | bytes | None = None


class Line:
    """Lent to one request at a time, so that its one connection is the one that is spoken over."""

    def __init__(self, client: httpx.Client) -> None:
        client.event_hooks = {"response": [self._take_headers]}
        client.headers["accept-encoding"] = ACCEPTED
        self._client = client
        self._socket: socket | None = None
        self._new = True  # the connection was made for this request
        self._silent = False  # not one byte of an answer came over one that was kept
        self.late = False  # it was hung up
        self.headers: tuple[tuple[str, str], ...] = ()  # of the last answer

    def open(self, sent: Sent, seconds: float) -> httpx.Response:
        """Send a request, and once more where the kept connection turns out to be stale.

        The answer's body is not read yet; it is the caller's to close. Raises one of `broken`.
        """
        try:
            return self._send(sent, seconds)
        except _stale():
            if self._new or not self._silent or self.late or sent.method not in REPEATABLE:
                raise
        return self._send(sent, seconds)

    @contextmanager
    def until(self, seconds: float) -> Iterator[None]:
        """Hang up when so much time has passed: no timeout between two bytes ends what drips."""
        self.late = False
        timer = threading.Timer(seconds, self._hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def forget(self) -> None:
        """Forget the cookies: who asks next is another visitor."""
        self._client.cookies.clear()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _send(self, sent: Sent, seconds: float) -> httpx.Response:
        self._new = self._silent = False
        request = self._client.build_request(
            sent.method,
            sent.url,
            headers=[(name.encode(), value.encode()) for name, value in sent.headers.items()],
            content=sent.content,
            timeout=max(0.001, seconds),
            extensions={"trace": self._trace},
        )
        return self._client.send(request, stream=True, follow_redirects=False)

    def _take_headers(self, answer: httpx.Response) -> None:
        """Keep them, and a redirect from the client, which refuses an answer whose URL is none."""
        self.headers = tuple(answer.headers.multi_items())
        answer.headers.pop("location", None)

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow which connection the request goes over."""
        if event in _CONNECTED:
            self._new = True
            self._socket = info["return_value"].get_extra_info("socket")
            if self.late:
                self._hang_up()
        elif event == _SENT and not self._new and self._socket is not None:
            self._silent = _ends(self._socket)

    def _hang_up(self) -> None:
        self.late = True
        if self._socket is not None:
            with suppress(OSError):  # it is closed already
                socket.shutdown(self._socket, SHUT_RDWR)  # TLS's own would pull it from under who reads


def _ends(connection: socket) -> bool:
    """Wait for the first byte of an answer; return whether the connection ends instead.

    Through TLS nobody can look ahead: there the edge answers, which begins no answer that it does not end.
    """
    try:
        return not connection.recv(1, MSG_PEEK)
    except TimeoutError:
        return False
    except (OSError, ValueError):
        return True
