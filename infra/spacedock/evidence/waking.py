"""A Space that sleeps, and whom it meets who calls it: nothing but the edge, until it has woken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.evidence.asking import through
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import RESTARTED, TO_BE_STOPPED, asking
from spacedock.evidence.lives import Restarted, Stopped
from spacedock.space import Space


@dataclass(frozen=True)
class Waking:
    """How a Space woke; the one that slept is an instance that has been stopped, with an edge in front."""

    turned_away: int | None  # the status of the edge while it slept
    status: int | None  # of the first answer of its own
    seconds: float  # from the call that woke it to that answer; on the platform, the least that it takes

    def answering(self, patience: float) -> BootSpec:
        """Return whose edge answers, in the end, a caller with so much patience."""
        return RESTARTED if self.seconds <= patience else TO_BE_STOPPED


@dataclass(frozen=True)
class Woken(Evidence[Waking]):
    """It is called while it sleeps, and answers once it has booted again.

    The instance that sleeps is the one that was told to stop, and the one that wakes is the next.
    """

    needs: ClassVar = Stopped.needs | {Capability.EDGE}
    disturbs: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one that sleeps and the one that wakes."""
        return (TO_BE_STOPPED, RESTARTED)

    def gather(self, around: Surroundings) -> Waking:
        """Raises NotReady where a boot does not come up."""
        around.look(Stopped())
        path, manner = around.space.manifest.space.ready, around.conditions.edge
        # That its instance has ended is what is looked at here.
        with through(around.instance(TO_BE_STOPPED).edge(), manner) as asker:
            turned_away = asker.head_only("GET", path)
        around.look(Restarted())
        awake = around.ready(RESTARTED)
        with asking(awake, manner) as asker:
            first = asker.head_only("GET", path)
        return Waking(turned_away.status, first.status, awake.boot.seconds + first.seconds)
