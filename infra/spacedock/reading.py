"""Reads what a container says: as much as is kept of it, and for no longer than is waited.

What a Space writes has no bound of its own: lines without an end, logs of gigabytes, commands that hang.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Timer
from typing import TYPE_CHECKING, Any, Protocol, cast

from docker.errors import DockerException, create_api_error_from_http_exception
from docker.types.daemon import CancellableStream
from requests.exceptions import HTTPError, ReadTimeout

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container
    from requests import Response

LINES = 20_000  # of a log, the last ones
CHARACTERS = 4 << 20  # of a log, the last ones
LINE = 16 << 10  # characters of one line: its two ends

_CHUNK = 64 << 10  # bytes
_OLDER = "... (what is older is left out)\n"


class Joined(io.RawIOBase):
    """The chunks of a stream as one file, which ends after `limit` bytes where there is one."""

    def __init__(self, chunks: Iterable[bytes], limit: int | None = None) -> None:
        self._chunks = iter(chunks)
        self._left = memoryview(b"")
        self._limit = limit

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as a chunk goes."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        most = len(buffer) if self._limit is None else min(len(buffer), self._limit)
        size = min(most, len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        if self._limit is not None:
            self._limit -= size
        return size


class Cancellable(Protocol):
    """A stream that can be closed while somebody waits for it."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Output:
    """What a command wrote; `whole` is False where it wrote more, or had not ended, and `code` is None."""

    code: int | None
    written: bytes
    whole: bool = True


class TooMuchError(Exception):
    """An engine's answer about a container is larger than is read, or does not come to its end in time."""


def answer_of(container: Container, what: str, *, limit: int, seconds: float) -> Any:
    """Return what the engine answers of a container, whose answer grows with what is done in there.

    docker-py reads such an answer whole. Raises TooMuchError for one of more than `limit` bytes, or that has
    not come to its end after so many seconds; else what the engine raises.
    """
    api = cast("DockerClient", container.client).api
    address = f"{api.base_url}/v{api.api_version}/containers/{container.id}/{what}"
    try:
        response = api.get(address, stream=True, timeout=seconds)
    except ReadTimeout:
        raise TooMuchError(f"the engine did not answer within {seconds:g} s") from None
    stream: Any = CancellableStream(response.iter_content(_CHUNK), response)
    read = bytearray()
    with closed_after(stream, seconds) as late:
        try:
            _raise_for_status(response)
            for chunk in stream:
                read += chunk
                if len(read) > limit:
                    raise TooMuchError(f"the engine's answer has more than {limit >> 20} MiB")
        except (OSError, ValueError):  # what is raised by a stream that is closed meanwhile
            if not late.is_set():
                raise
    if late.is_set():
        raise TooMuchError(f"the engine's answer did not end within {seconds:g} s")
    return json.loads(read)


def _raise_for_status(response: Response) -> None:
    try:
        response.raise_for_status()
    except HTTPError as error:
        create_api_error_from_http_exception(error)  # which raises it


def log_of(container: Container, *, stderr: bool = True) -> str:
    """Return the end of a container's log, both streams by default. Raises what the engine raises."""
    return shortened(container.logs(tail=LINES, stderr=stderr).decode(errors="replace"))


def shortened(text: str) -> str:
    """Return the end of a text, of lines that are too long the two ends."""
    cut = len(text) > CHARACTERS
    text = text[-CHARACTERS:]
    if cut or len(text) > LINE:
        text = "".join(map(_shortened_line, text.splitlines(keepends=True)))
    return _OLDER + text if cut else text


def _shortened_line(line: str) -> str:
    if len(line) <= LINE:
        return line
    half = LINE // 2
    return f"{line[:half]}... ({len(line) - LINE} characters are left out) ...{line[-half:]}"


def lines_of(stream: Iterable[bytes]) -> Iterator[str]:
    """Yield lines as they are written; one that does not end comes in pieces."""
    begun = b""
    for chunk in stream:
        *lines, begun = (begun + chunk).split(b"\n")
        yield from (_shortened_line(line.decode(errors="replace")) for line in lines)
        while len(begun) > LINE:
            yield begun[:LINE].decode(errors="replace")
            begun = begun[LINE:]
    if begun:
        yield begun.decode(errors="replace")


def output_of(container: Container, command: Iterable[str], *, limit: int, seconds: float | None) -> Output:
    """Run a command in a container, and read at most `limit` bytes of it for at most so many seconds.

    What does not end goes on until its container ends; nobody waits for it. Raises what the engine raises.
    """
    api = cast("DockerClient", container.client).api
    exec_id = api.exec_create(str(container.id), list(command))["Id"]
    stream: Any = api.exec_start(exec_id, stream=True)
    written = bytearray()
    with closed_after(stream, seconds) as late:
        try:
            for chunk in stream:
                written += chunk
                if len(written) > limit:
                    return Output(None, bytes(written[:limit]), whole=False)
        except (OSError, ValueError):  # what is raised by a stream that is closed meanwhile
            if not late.is_set():
                raise
    if late.is_set():
        return Output(None, bytes(written), whole=False)
    code: int | None = api.exec_inspect(exec_id)["ExitCode"]
    return Output(code, bytes(written))


@contextmanager
def closed_after(stream: Cancellable, seconds: float | None, late: Event | None = None) -> Iterator[Event]:
    """Close the stream on leaving, or once so many seconds are over, which the event then tells."""
    late = late or Event()

    def end() -> None:
        late.set()
        _close(stream)

    timer = Timer(seconds or 0, end)
    timer.daemon = True
    if seconds is not None:
        timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        _close(stream)
        if response := getattr(stream, "_response", None):  # docker-py leaves its connection open
            response.close()


def _close(stream: Cancellable) -> None:
    with suppress(DockerException, OSError, AttributeError):  # it has ended, or is an engine's over SSH
        stream.close()
