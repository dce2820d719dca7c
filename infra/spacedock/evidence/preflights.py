"""The question that a browser asks before a page of another origin may call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.edge.base import Manner
from spacedock.evidence.asking import Asker, Reply
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.space import Space

RepliesByOrigin = tuple[tuple[str, Reply], ...]


@dataclass(frozen=True)
class Preflights(Evidence[RepliesByOrigin]):
    """What the Space itself answers, as deployed, to a preflight from each of the origins."""

    origins: tuple[str, ...]

    needs: ClassVar = frozenset({Capability.BOOT})

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> RepliesByOrigin:
        """Ask where it listens, one after the other."""
        with asking(around.ready(AS_DEPLOYED)) as asker:
            return tuple((origin, preflight(around.space, asker, origin)) for origin in self.origins)


@dataclass(frozen=True)
class PreflightsAtTheEdge(Evidence[RepliesByOrigin]):
    """What is answered to a preflight from each of the origins that comes through the edge."""

    origins: tuple[str, ...]
    manner: Manner = Manner.OBSERVED

    needs: ClassVar = frozenset({Capability.BOOT, Capability.EDGE})

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> RepliesByOrigin:
        """Ask through the edge, one after the other."""
        with asking(around.ready(AS_DEPLOYED), self.manner) as asker:
            return tuple((origin, preflight(around.space, asker, origin)) for origin in self.origins)


def preflight(space: Space, asker: Asker, origin: str) -> Reply:
    """Ask it for a page at `origin`, which wants to call as the manifest says."""
    asked = space.manifest.origins
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": asked.method,
        "Access-Control-Request-Headers": ",".join(asked.headers),
    }
    return asker.ask("OPTIONS", asked.path, headers=headers)
