"""The instance as deployed once it has been asked all that is known of it, and has been up for a while."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.evidence.base import Evidence, NotReady, Surroundings, Unavailable
from spacedock.evidence.boots import Booted, BootFacts, asking, facts_of
from spacedock.evidence.requests import Answered
from spacedock.evidence.visited import PATIENCE, Visited
from spacedock.space import Space

# Seconds after it was ready in which what it does beside serving may fail. A run is longer as a rule.
_WATCHED = 2.0


def outlasting(around: Surroundings) -> FullInstance:
    """Return the instance as deployed, ready or not, after what visitors and the manifest ask of it."""
    instance = around.attempt(AS_DEPLOYED)
    if instance.boot.ready:
        around.look(Visited())
        with suppress(Unavailable):
            around.look(Answered())
        instance.ended(within=_left(around, instance))
    return instance


def _left(around: Surroundings, instance: FullInstance) -> float:
    """Return how much is left of the time that it is watched for; one that was booted anew is not."""
    first = around.look(Booted())
    since = time.monotonic() - first.at
    return max(0.0, _WATCHED - since) if first.result == instance.boot else 0.0


@dataclass(frozen=True)
class SeenLast(Evidence[BootFacts]):
    """How the instance as deployed stands when all else has been looked at."""

    needs: ClassVar = frozenset({Capability.BOOT})
    concludes: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> BootFacts:
        """Ask once more: one that hangs up may be ending right now, and gets time to."""
        instance = outlasting(around)
        if instance.boot.ready and instance.alive():
            with suppress(NotReady), asking(instance) as asker:
                asker.head_only("GET", around.space.manifest.space.ready, limits=PATIENCE)
        return facts_of(instance)
