"""How many boots at once pay, and turns for them.

A boot is bound by the processor: more of them at once than keep the cores busy only make each other late, and
one more copy in memory each. So the first boot goes alone, and what it used says how many go from then on.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from spacedock.docks.boots import BootResult

_MOST = 8  # more wait for the engine, which makes one container after the other
_UNKNOWN = 0.7  # of a core: what a boot keeps busy where nobody measured it
_SPARE = 0.5  # of the free memory, which instances may take together


def that_pay(boot: BootResult, peak_memory: int | None) -> int:
    """Return how many boots like this one keep the machine's cores busy and fit into its free memory."""
    import psutil  # noqa: PLC0415 - what is judged by files alone boots nothing

    busy = (boot.processor_seconds or 0.0) / boot.seconds if boot.seconds else 0.0
    by_cores = math.ceil(cores() / min(1.0, max(busy, 0.25) if busy else _UNKNOWN))
    by_memory = int(_SPARE * psutil.virtual_memory().available / peak_memory) if peak_memory else _MOST
    return max(1, min(by_cores, by_memory, _MOST))


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Slots:
    """Turns for boots: whoever wants one waits until fewer than `most` are under way."""

    def __init__(self, most: int = 1) -> None:
        self._most = most
        self._taken = 0
        self._changed = Condition()

    def widen(self, most: int) -> None:
        """Let so many go at once from now on."""
        with self._changed:
            self._most = most
            self._changed.notify_all()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and keep it."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken < self._most)
            self._taken += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1
                self._changed.notify_all()

    def settle(self) -> None:
        """Wait until no boot is under way."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken)
