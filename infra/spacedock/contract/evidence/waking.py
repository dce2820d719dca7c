"""A Space that sleeps, and whom it meets who calls it: nothing but the edge, until it has woken."""

from __future__ import annotations

import time
from dataclasses import dataclass

from spacedock.contract.evidence.lives import ending
from spacedock.contract.evidence.visits import status_of
from spacedock.contract.instances import Instances
from spacedock.docks.boots import BootSpec
from spacedock.docks.instance import FullInstance
from spacedock.space import Space

WOKEN = BootSpec(purpose="woken by a visit")
_NAME = "waking"


@dataclass(frozen=True)
class Waking:
    """How a Space woke; the one that slept is a container that has been stopped, with an edge in front."""

    asleep: FullInstance
    awake: FullInstance
    turned_away: int  # the status of the edge while it slept
    status: int  # of the first answer of its own
    seconds: float  # from the call that woke it to that answer; on the platform, the least that it takes

    def answering(self, patience: float) -> FullInstance:
        """Return the instance whose edge answers, in the end, a caller with so much patience."""
        return self.awake if self.seconds <= patience else self.asleep


def waking(space: Space, instances: Instances) -> Waking:
    """Call it while it sleeps, and wake it; the same one for whoever asks later.

    The instance that sleeps is the one that was told to stop. Raises NotReady where a boot does not come up.
    """
    return instances.once(_NAME, lambda: _wake(space, instances))


def _wake(space: Space, instances: Instances) -> Waking:
    path = space.manifest.space.ready
    asleep = ending(space, instances).instance
    turned_away = _status(asleep, instances, path)[0]
    awake = instances.ready(WOKEN)
    status, seconds = _status(awake, instances, path)
    return Waking(asleep, awake, turned_away, status, awake.boot.seconds + seconds)


def _status(instance: FullInstance, instances: Instances, path: str) -> tuple[int, float]:
    """Return the status of a GET through the edge, and the seconds that it took."""
    with instance.edge().client(instances.dock.conditions.edge) as client:
        began = time.monotonic()
        return status_of(client, path), time.monotonic() - began
