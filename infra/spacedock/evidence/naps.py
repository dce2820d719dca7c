"""The first requests after a database has napped: its connections were closed, and new ones take a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.evidence.asking import Asker
from spacedock.evidence.away import breakable, databases, rebuffs_of
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.quiet import quiet
from spacedock.evidence.requests import fails, require_answers_of, with_values
from spacedock.services.faults.fault import NetworkFault
from spacedock.space import Space
from spacedock.space.manifest import Request

if TYPE_CHECKING:
    from spacedock.services.faults.network import NetworkFaults  # needs testcontainers, slow to import

# Neon wakes within a second as a rule; the page of the Space, its own start and retries come on top of it.
_WAKING = 5.0  # seconds


@dataclass(frozen=True)
class Stumble:
    """A request that failed after a pause, in words, and the log of who failed."""

    seen: str
    log: str


@dataclass(frozen=True)
class Naps:
    """What stumbled, and what services had refused the Space before anything was broken, in words."""

    stumbles: tuple[Stumble, ...]
    rebuffs: tuple[str, ...]
    log: str  # of before that


@dataclass(frozen=True)
class Napped(Evidence[Naps]):
    """Connections are closed while it is idle; then new ones take seconds. Each request is sent.

    What stumbles over closed connections would do so again while it waits for new ones.
    """

    needs: ClassVar = frozenset({Capability.BOOT, Capability.VARY, Capability.SERVICES})
    disturbs: ClassVar = True

    def gather(self, around: Surroundings) -> Naps:
        """Boot behind a proxy, so that there are connections; close them, then let new ones wait."""
        with breakable(around, "on a database that naps") as (faults, instance, asker):
            require_answers_of(instance, asker, around.space.manifest.requests)
            rebuffs, log = rebuffs_of(faults, around.space, instance), instance.logs()
            bay = _Bay(around.space, instance, asker, faults)
            stumbles = (each for database in databases(around.space) for each in bay.naps(database))
            return Naps(tuple(stumbles), rebuffs, log)


@dataclass(frozen=True)
class _Bay:
    """An instance of its own, and the faults of its services."""

    space: Space
    instance: FullInstance
    asker: Asker
    faults: NetworkFaults

    @property
    def requests(self) -> tuple[Request, ...]:
        values = self.instance.environment
        return tuple(with_values(request, values) for request in self.space.manifest.requests)

    def naps(self, database: str) -> Iterator[Stumble]:
        lost = tuple(self._asleep(database))
        yield from lost or self._waking(database)

    def _asleep(self, database: str) -> Iterator[Stumble]:
        """Let each request be the first one after a pause, until one fails."""
        for request in self.requests:
            self.faults.break_(database, NetworkFault("close"))
            if fails(reply := self.asker.send(request)):
                when = f"as the first one after a pause, in which {database} closed its connections"
                yield Stumble(f"{when}, {reply}", quiet(self.instance).logs())
                return

    def _waking(self, database: str) -> Iterator[Stumble]:
        """Send the requests side by side, so that they wait for it together."""
        self.faults.break_(database, NetworkFault("close"))
        with self.faults.broken(database, NetworkFault("cold", _WAKING)):
            for reply in self.asker.send_at_once(self.requests, 1):
                if fails(reply):
                    when = f"while {database} takes {_WAKING:.0f} s to accept a connection"
                    yield Stumble(f"{when}, {reply}", quiet(self.instance).logs())
                    return
