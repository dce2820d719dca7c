"""No log makes `diagnose` slow: each symptom of the catalogue is looked for in lines made to be slow."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from spacedock.failures.base import Failure
from spacedock.failures.catalogue import all_failures
from spacedock.failures.diagnosis import diagnose

DEADLINE = 60  # seconds, of what takes one or two; what was mended took for ever
LOGS = {
    "blank lines": "\n" * 20_000,
    "spaces": " " * 20_000,
    "lines of spaces": f"{' ' * 900}\n" * 50,
    "tabs and bars": "\t|+ " * 5000,
    "no words": "-/=<>" * 10_000,
    "plain lines": "INFO:     all is well with this one\n" * 300_000,
    "one line": "x" * 10_000_000,
    "servers": "Uvicorn running on http://0.0.0.0:8000\n" * 20_000,
    "starts": "startup complete. Exit code: 0 402 HfHubHTTPErro\n" * 10_000,
    "time-outs": "Launch timed out, workload was not healthy\n" * 10_000,
    "headers": "< HTTP/1.1 503 x\n< content-type: text/event-stream\n< content-length: 1\n" * 5000,
    "requests": "> x-forwarded-for: a\n< x-ratelimit-remaining: 1\n> origin: https://a\n< HTTP/1.1 200 a\n"
    * 3000,
    "mails": 'smtplib.py"\nasyncpg/connect.py"\nhttpx.ConnectTimeout\n' * 5000,
    "addresses": "https://" * 2000 + " connection to server at " * 2000,
}


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    """End a search that goes on and on: Python's own looks for signals while it searches."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {DEADLINE} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(DEADLINE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_every_symptom_is_looked_for_in_bounded_time(log: str) -> None:
    diagnose(log, all_failures())


def port(name: str = "bind-loopback") -> list[Failure]:
    return [failure for failure in all_failures() if failure.name == name]


SAID = "INFO:     Uvicorn running on http://127.0.0.1:8000"


@pytest.mark.parametrize("before", [0, 500_000], ids=["head", "tail"])
def test_of_a_long_log_head_and_tail_are_looked_through_and_lines_keep_their_numbers(before: int) -> None:
    lines = ["all is well"] * 500_010
    lines[before] = SAID
    (found,) = diagnose("\n".join(lines), port())
    assert (found.matches[0].number, found.matches[0].line) == (before + 1, SAID)


def test_the_middle_of_a_long_log_is_not_looked_through() -> None:
    plain = "all is well\n" * 100_000
    assert diagnose(f"{plain}{SAID}\n{plain}", port()) == ()


def test_the_end_of_a_long_line_is_looked_at() -> None:
    (found,) = diagnose(f"{'x' * 1_000_000} {SAID}", port())
    assert found.matches[0].line.endswith(SAID)
    assert len(found.matches[0].line) < 1100
