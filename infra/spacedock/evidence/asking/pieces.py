"""An answer while it comes."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from spacedock.evidence.asking.decoding import Unpacking
from spacedock.evidence.asking.line import Line, Sent, broken
from spacedock.evidence.asking.reply import AskLimits, Headers, Reply

if TYPE_CHECKING:
    import httpx

_MOST_HEADERS = 256
_TOO_LATE = "ReadTimeout timed out"


class Pieces:
    """Iterated over, it yields the body as it comes; `reply` is what is known so far, without the body."""

    def __init__(self, line: Line, sent: Sent, path: str, limits: AskLimits) -> None:
        self._line, self._sent, self._path, self._limits = line, sent, path, limits
        self._began = time.monotonic()
        self._status: int | None = None
        self._headers = Headers()
        self._failure = ""
        self._whole = False
        self._answer = self._opened()
        self._chunks = self._read()

    @property
    def reply(self) -> Reply:
        """What is known of the answer."""
        return Reply(
            self._sent.method,
            self._path,
            self._status,
            self._headers,
            failure=self._failure,
            whole=self._whole,
            seconds=time.monotonic() - self._began,
        )

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks  # who comes back goes on where they were

    def close(self) -> None:
        """Let go of the answer, however much of it has been read."""
        if self._answer is not None:
            self._answer.close()

    def _read(self) -> Iterator[bytes]:
        if self._answer is None or self._failure:
            return
        try:
            yield from self._unpacked(self._answer)
        except zlib.error as error:
            self._failure = f"DecodingError {error}"
        except broken() as error:
            self._broke(error)

    def _opened(self) -> httpx.Response | None:
        try:
            answer = self._line.open(self._sent, self._limits.seconds)
        except broken() as error:
            self._broke(error)
            return None
        self._status = answer.status_code
        self._headers = Headers(tuple(self._bounded(self._line.headers)))
        if len(self._headers.pairs) < len(self._line.headers):
            self._failure = f"more than {self._limits.headers} bytes or {_MOST_HEADERS} lines of headers"
        return answer

    def _bounded(self, headers: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
        size = 0
        for name, value in headers[:_MOST_HEADERS]:
            size += len(name) + len(value) + len(": \r\n")
            if size > self._limits.headers:
                return
            yield name, value

    def _unpacked(self, answer: httpx.Response) -> Iterator[bytes]:
        """Yield the body up to its limit, decompressed."""
        left, came = self._limits.body, 0
        unpacking = Unpacking("" if answer.is_stream_consumed else self._headers.get("content-encoding"))
        for chunk in self._in_time(answer):
            piece = unpacking.feed(chunk, left)
            left, came = left - len(piece), came + len(chunk)
            if piece:
                yield piece
            if unpacking.cut or came > self._limits.body:
                return
        if not unpacking.complete:
            self._failure = "DecodingError the compressed body ends too early"
        self._whole = not self._failure

    def _in_time(self, answer: httpx.Response) -> Iterator[bytes]:
        import httpx

        # What comes from no connection has been read already.
        chunks = answer.iter_bytes() if answer.is_stream_consumed else answer.iter_raw()
        for chunk in chunks:
            if time.monotonic() - self._began > self._limits.seconds:
                raise httpx.ReadTimeout("timed out")
            yield chunk
        if self._line.late:  # a body that ends where the connection does looks complete
            raise httpx.ReadTimeout("timed out")

    def _broke(self, error: Exception) -> None:
        self._failure = _TOO_LATE if self._line.late else f"{type(error).__name__} {error}".strip()
