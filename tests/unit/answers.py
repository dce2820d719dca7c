"""Answers that misbehave, in the process of a test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx


class BreaksOff(httpx.SyncByteStream):
    """The body of an answer whose connection is reset half way."""

    def __init__(self, half: bytes) -> None:
        self._half = half

    def __iter__(self) -> Iterator[bytes]:
        yield self._half
        raise httpx.ReadError("reset")
