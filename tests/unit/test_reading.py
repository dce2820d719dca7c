"""What a container says has a bound when it is kept, however it is said."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from spacedock import reading
from spacedock.reading import CHARACTERS, LINE, Joined, lines_of, log_of, output_of, shortened

MANY = 64  # characters that words of ours may add


class Stream:
    """What a command writes: `chunks`, and where it `hangs` nothing more until somebody closes it."""

    def __init__(self, chunks: Iterator[bytes], *, hangs: bool) -> None:
        self._chunks = chunks
        self._hangs = hangs
        self.closed = Event()
        self.read = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.read += 1
            yield chunk
        if self._hangs:
            assert self.closed.wait(60), "nobody gave it up"

    def close(self) -> None:
        self.closed.set()


def container(chunks: Iterator[bytes], *, hangs: bool = False, code: int = 0) -> tuple[Any, Stream]:
    stream = Stream(chunks, hangs=hangs)
    api = SimpleNamespace(
        exec_create=lambda *_: {"Id": "e1"},
        exec_start=lambda *_, **__: stream,
        exec_inspect=lambda _: {"ExitCode": code},
    )
    return SimpleNamespace(id="c1", client=SimpleNamespace(api=api)), stream


def endless() -> Iterator[bytes]:
    while True:
        yield b"y\n" * 4096


def test_a_command_that_hangs_is_given_up() -> None:
    held, _ = container(iter([b"begun"]), hangs=True)
    output = output_of(held, ["cat", "/proc/1/status"], limit=100, seconds=0.05)
    assert (output.code, output.written, output.whole) == (None, b"begun", False)


def test_a_command_that_never_ends_is_read_as_far_as_its_limit() -> None:
    held, stream = container(endless())
    output = output_of(held, ["cat"], limit=10_000, seconds=60)
    assert (output.code, len(output.written), output.whole) == (None, 10_000, False)
    assert stream.closed.is_set()
    assert stream.read < 10


def test_a_command_that_ends_is_whole_with_its_code() -> None:
    held, _ = container(iter([b"a", b"b"]), code=3)
    assert output_of(held, ["true"], limit=100, seconds=60) == reading.Output(3, b"ab")


def test_of_a_log_the_end_is_asked_for_and_kept() -> None:
    asked: dict[str, Any] = {}

    def logs(**how: Any) -> bytes:
        asked.update(how)
        return b"x" * 99 + b"\n" + b"a line\n" * (CHARACTERS // 6) + b"the last \xff\n"

    kept = log_of(SimpleNamespace(logs=logs))  # type: ignore[arg-type]
    assert asked["tail"] == reading.LINES
    assert len(kept) <= CHARACTERS + MANY
    assert kept.endswith("a line\nthe last \ufffd\n")
    assert kept.startswith("... (what is older is left out)\n")


def test_of_a_line_without_an_end_the_two_ends_are_kept() -> None:
    kept = shortened("first\nbegins" + "x" * (CHARACTERS // 2) + "ends\nlast\n").splitlines()
    assert (kept[0], kept[2]) == ("first", "last")
    assert kept[1].startswith("beginsxxx")
    assert kept[1].endswith("xxxends")
    assert len(kept[1]) <= LINE + MANY


@pytest.mark.parametrize("text", ["", "one\ntwo\r\n\nthree", "y" * LINE])
def test_an_ordinary_log_stays_as_it_is(text: str) -> None:
    assert shortened(text) == text


def test_lines_are_told_as_they_come_and_endless_ones_in_pieces() -> None:
    told = list(lines_of(iter([b"on", b"e\ntwo\n", b"z" * (3 * LINE), b"\nlast"])))
    assert told[:2] == ["one", "two"]
    assert "".join(told[2:-1]) == "z" * (3 * LINE)
    assert max(map(len, told)) <= LINE
    assert told[-1] == "last"


def test_a_stream_as_a_file_ends_where_it_is_told_to() -> None:
    chunks = endless()
    assert len(Joined(chunks, 10_000).read()) == 10_000
    assert Joined(iter([b"ab", b"", b"cd"])).read() == b"abcd"
