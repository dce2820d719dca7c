"""A Space that sleeps, and whom it meets who calls it: nothing but the edge, until it has woken."""

from __future__ import annotations

import time
from dataclasses import dataclass

from spacedock.contract.berths import Berths
from spacedock.contract.evidence.lives import ending
from spacedock.contract.evidence.visits import status_of
from spacedock.docks.base import Berth, Order
from spacedock.space import Space

WOKEN = Order(purpose="woken by a visit")
_NAME = "waking"


@dataclass(frozen=True)
class Waking:
    """How a Space woke; the berth that slept is a container that has been stopped, with an edge in front."""

    asleep: Berth
    awake: Berth
    turned_away: int  # the status of the edge while it slept
    status: int  # of the first answer of its own
    seconds: float  # from the call that woke it to that answer; on the platform, the least that it takes

    def answering(self, patience: float) -> Berth:
        """Return the berth whose edge answers, in the end, a caller with so much patience."""
        return self.awake if self.seconds <= patience else self.asleep


def waking(space: Space, berths: Berths) -> Waking:
    """Call it while it sleeps, and wake it; the same one for whoever asks later.

    The berth that sleeps is the one that was told to stop. Raises NotReady where a boot does not come up.
    """
    return berths.once(_NAME, lambda: _wake(space, berths))


def _wake(space: Space, berths: Berths) -> Waking:
    path = space.manifest.space.ready
    asleep = ending(space, berths).berth
    turned_away = _status(asleep, berths, path)[0]
    awake = berths.ready(WOKEN)
    status, seconds = _status(awake, berths, path)
    return Waking(asleep, awake, turned_away, status, awake.boot.seconds + seconds)


def _status(berth: Berth, berths: Berths, path: str) -> tuple[int, float]:
    """Return the status of a GET through the edge, and the seconds that it took."""
    with berth.edge().client(berths.dock.conditions.edge) as client:
        began = time.monotonic()
        return status_of(client, path), time.monotonic() - began
