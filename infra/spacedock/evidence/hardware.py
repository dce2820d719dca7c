"""What the instances of a run used of their hardware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import Usage
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.staying import outlasting
from spacedock.space import Space


@dataclass(frozen=True)
class InstanceUsage:
    """What one instance of a run used, and what it was for."""

    purpose: str
    usage: Usage
    log: str


@dataclass(frozen=True)
class UsedByAll(Evidence[tuple[InstanceUsage, ...]]):
    """What each instance of the run used, once all else has been looked at."""

    needs: ClassVar = frozenset({Capability.BOOT, Capability.LIMITS, Capability.DISK})
    concludes: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed, which is asked what visitors ask."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> tuple[InstanceUsage, ...]:
        """Look at each; closed ones tell what was seen last."""
        outlasting(around)
        return tuple(
            InstanceUsage(each.spec.purpose, each.usage(), each.logs()) for each in around.every_instance()
        )
