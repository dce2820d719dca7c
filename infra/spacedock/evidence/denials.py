"""What a Space tried to reach outside and was denied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import Denial
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.staying import outlasting
from spacedock.space import Space


@dataclass(frozen=True)
class Denied:
    """Each try once, and what the Space wrote."""

    tries: tuple[Denial, ...]
    log: str


@dataclass(frozen=True)
class DeniedAtBoot(Evidence[tuple[Denial, ...]]):
    """What a boot as deployed tried and was denied, as soon as the boot is over."""

    needs: ClassVar = frozenset({Capability.BOOT, Capability.EGRESS})

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> tuple[Denial, ...]:
        """Ask its sandbox."""
        return around.attempt(AS_DEPLOYED).denials()


@dataclass(frozen=True)
class Denials(Evidence[Denied]):
    """What the Space as deployed tried, whether it came up or not, and whatever it was asked in the run."""

    needs: ClassVar = frozenset({Capability.BOOT, Capability.EGRESS})
    concludes: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> Denied:
        """Ask the sandbox of each instance that was booted so: more than one where only one may run."""
        around.instance(AS_DEPLOYED)
        last = outlasting(around)
        booted = [each for each in around.every_instance() if each.spec == AS_DEPLOYED]
        return Denied(tuple(dict.fromkeys(tried for each in booted for tried in each.denials())), last.logs())
