"""A log that has come to rest: many a server answers first and writes afterwards why it failed."""

from __future__ import annotations

import time

from spacedock.docks.base import Berth

_QUIET = 0.2  # seconds without a word
_PATIENCE = 2.0  # seconds, for one that never stops talking
_PAUSE = 0.02


def quiet(berth: Berth) -> Berth:
    """Wait until the berth has written what it has to say, and return it."""
    said, now = berth.logs(), time.monotonic()
    patience_ends, since = now + _PATIENCE, now
    while now < patience_ends and now - since < _QUIET:
        time.sleep(_PAUSE)
        more, now = berth.logs(), time.monotonic()
        if more != said:
            said, since = more, now
    return berth
