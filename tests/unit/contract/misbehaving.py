"""What a Space may do to whoever asks it, each as an answer of respx's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import respx


class Endless(httpx.SyncByteStream):
    """A body that goes on and on."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b"more " * 10_000


def _truncated(_: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


MISBEHAVIOURS: dict[str, dict[str, Any]] = {
    "sends elsewhere": {"return_value": httpx.Response(302, headers={"location": "https://other.example/"})},
    "sends to itself": {"return_value": httpx.Response(302, headers={"location": "/"})},
    "sends to what is no URL": {"return_value": httpx.Response(302, headers={"location": "https://[bad"})},
    "resets": {"side_effect": httpx.ReadError("[Errno 104] Connection reset by peer")},
    "breaks off": {"side_effect": _truncated},
    "is too slow": {"side_effect": httpx.ReadTimeout("timed out")},
    "never ends": {"side_effect": lambda _: httpx.Response(200, stream=Endless())},
    "packs what is not packed": {
        "return_value": httpx.Response(
            200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"plain")
        )
    },
}


def misbehaves(server: respx.MockRouter, how: str) -> None:
    """Let whatever is asked of the server of `visited` be answered so."""
    server["any"].mock(**MISBEHAVIOURS[how])
