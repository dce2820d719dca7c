"""What a Space answers by the names that the edge gives it, and to the origins that call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from spacedock import platform
from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.edge.base import HostForm, Manner
from spacedock.evidence.asking import Asker, AskLimits, Reply
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.evidence.preflights import RepliesByOrigin
from spacedock.evidence.visits import Followed
from spacedock.space import Space

REFUSALS = frozenset({400, 403, 421})  # how servers refuse a host or an origin that they do not know
# Where servers listen that look at the Host of what asks them, and have no page: those of MCP.
MCP_PATHS = ("/mcp", "/sse")
_WORDS = AskLimits(seconds=10.0, body=10_000)


@dataclass(frozen=True)
class RepliesByHost:
    """What was answered; the bodies of refusals alone were read."""

    directly: Reply  # as on a laptop, by the name `localhost`
    public: Reply  # through the edge, by the Space's own host
    internal: Reply  # through the edge, by the platform's internal one
    log: str

    def named(self, space: Space) -> dict[str, Reply]:
        """Return each reply by how the Space was asked."""
        return {
            "directly": self.directly,
            f"with Host {space.host}": self.public,
            f"with Host {platform.INTERNAL_HOST.value}": self.internal,
        }


@dataclass(frozen=True)
class UnderEachHost(Evidence[RepliesByHost]):
    """A GET, sent where the Space listens as on a laptop, and through the edge by each name of it."""

    path: str

    needs: ClassVar = Followed.needs

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> RepliesByHost:
        """Ask three times."""
        instance = around.ready(AS_DEPLOYED)
        with asking(instance) as asker:
            directly = _answer(asker, self.path, {"Host": f"localhost:{around.space.app_port}"})
        with asking(instance, Manner.OBSERVED) as asker:
            public = _answer(asker, self.path)
        with asking(instance, Manner.OBSERVED, HostForm.INTERNAL) as asker:
            internal = _answer(asker, self.path)
        return RepliesByHost(directly, public, internal, instance.logs())


def _answer(asker: Asker, path: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Ask for the first lines; of a refusal for its words too, which are few."""
    reply = asker.head_only("GET", path, headers=headers)
    return asker.ask("GET", path, headers=headers, limits=_WORDS) if reply.status in REFUSALS else reply


@dataclass(frozen=True)
class FromOrigins(Evidence[RepliesByOrigin]):
    """A GET through the edge, called from each of the origins; bodies are left out."""

    path: str
    origins: tuple[str, ...]

    needs: ClassVar = Followed.needs

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> RepliesByOrigin:
        """Ask one after the other."""
        with asking(around.ready(AS_DEPLOYED), Manner.OBSERVED) as asker:
            return tuple(
                (origin, asker.head_only("GET", self.path, headers={"Origin": origin}))
                for origin in self.origins
            )
