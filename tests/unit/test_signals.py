"""A signal ends a command in order, and those that follow do not disturb that; in processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

ENDING = [signal.SIGTERM, signal.SIGHUP]
# Cleans up only once its input tells it to, so that other signals can come meanwhile.
WAITS = """
import signal, sys
from spacedock.signals import ended_by_signals
{before}
with ended_by_signals(sys.exit):
    try:
        print("begun", flush=True)
        signal.pause()
        print("went on", flush=True)
    finally:
        print("cleans up", flush=True)
        sys.stdin.readline()
        print("cleaned up", flush=True)
"""
# Whatever this suite was started with, as nohup's: none of the signals is ignored.
LISTENS = """
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""


@contextmanager
def waiting(before: str = LISTENS) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WAITS.format(before=before)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            assert process.stdout.readline() == "begun\n"
            yield process
        finally:
            process.kill()


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@pytest.mark.parametrize("number", ENDING)
def test_it_ends_in_order_with_the_signals_exit_code(number: signal.Signals) -> None:
    with waiting() as process:
        process.send_signal(number)
        assert next_line(process) == "cleans up"
        told, said = process.communicate("\n", timeout=60)
    assert told == "cleaned up\n"
    assert said.strip() == "spacedock: ending; what it started is being taken away"
    assert process.returncode == 128 + number


@pytest.mark.parametrize("first", [signal.SIGINT, *ENDING])
def test_a_job_that_is_cancelled_again_goes_on_cleaning_up(first: signal.Signals) -> None:
    with waiting() as process:
        process.send_signal(first)
        assert next_line(process) == "cleans up"
        for number in ENDING:
            process.send_signal(number)
        told, _ = process.communicate("\n", timeout=60)
    assert told == "cleaned up\n"


def test_who_is_impatient_may_give_up_cleaning() -> None:
    with waiting() as process:
        process.send_signal(signal.SIGTERM)
        assert next_line(process) == "cleans up"
        process.send_signal(signal.SIGINT)
        told, said = process.communicate("", timeout=60)
    assert "cleaned up" not in told
    assert "KeyboardInterrupt" in said


def test_what_is_ignored_stays_so() -> None:
    with waiting(f"{LISTENS}signal.signal(signal.SIGHUP, signal.SIG_IGN)") as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert next_line(process) == "cleans up"
        process.communicate("\n", timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
