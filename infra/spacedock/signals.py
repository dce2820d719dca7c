"""Signals that end a run: each ends it as Ctrl-C does, so that nothing of it is left."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

# A job that is cancelled gets SIGTERM, mostly some seconds after SIGINT; a terminal that is closed sends
# SIGHUP, which Windows has not.
_NAMES = ("SIGTERM", "SIGHUP")
_ENDING = b"\nspacedock: ending; what it started is being taken away\n"
_CODE = 128  # and the number of the signal: what shells call the end by one

_at_the_first: list[Callable[[], None]] = []


def at_the_first(act: Callable[[], None]) -> Callable[[], None]:
    """Have the first signal call `act`, which must not wait, before it ends anything. For rooms above."""
    _at_the_first.append(act)
    return act


@contextmanager
def ended_by_signals(end: Callable[[int], NoReturn]) -> Iterator[None]:
    """Have the first signal call `end` with the exit code that it comes to, in the main thread.

    While the run cleans up for the first, or for Ctrl-C, others are no news; Ctrl-C once more is. What
    whoever started us has ignored stays so (nohup).
    """
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        first = not heard
        heard.append(number)
        if first:
            os.write(2, _ENDING)  # what is buffered may be in the middle of a line
            for act in _at_the_first:
                act()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        if first:
            end(_CODE + number)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *numbers)}
    ours = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in ours:
        signal.signal(number, hear)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
