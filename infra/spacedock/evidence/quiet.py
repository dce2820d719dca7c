"""A log that has come to rest: many a server answers first and writes afterwards why it failed."""

from __future__ import annotations

import time
from typing import TypeVar

from spacedock.docks.instance import Instance

T = TypeVar("T", bound=Instance)

_QUIET = 0.2  # seconds without a word
_PATIENCE = 2.0  # seconds, for one that never stops talking
_PAUSE = 0.02


def quiet(instance: T) -> T:
    """Wait until the instance has written what it has to say, and return it."""
    said, now = instance.logs(), time.monotonic()
    patience_ends, since = now + _PATIENCE, now
    while now < patience_ends and now - since < _QUIET:
        time.sleep(_PAUSE)
        more, now = instance.logs(), time.monotonic()
        if more != said:
            said, since = more, now
    return instance
