"""Boots without secrets, and where the secrets of a boot are told to whoever reads or asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.evidence.asking import Reply
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import Booted, BootFacts
from spacedock.evidence.visited import Visited, Visits
from spacedock.space import Space

_NEEDS = frozenset({Capability.BOOT, Capability.VARY, Capability.LOGS, Capability.SERVICES})


def specs_without_secrets(space: Space) -> tuple[BootSpec, ...]:
    """Return a boot for each required secret withheld alone, for all withheld, and for all blank."""
    required = frozenset(space.manifest.required_secrets)
    without = [frozenset({name}) for name in sorted(required)]
    if len(required) > 1:
        without.append(required)
    specs = [BootSpec(purpose=f"without {', '.join(sorted(names))}", withheld=names) for names in without]
    if required:
        specs.append(BootSpec(purpose="with blank secrets", blank=required))
    return tuple(specs)


@dataclass(frozen=True)
class BootedWithout(Booted):
    """How a boot without secrets went, and what it said of them."""

    needs: ClassVar = _NEEDS


@dataclass(frozen=True)
class Leak:
    """Where secrets are told: `names` are theirs, their values stay here."""

    place: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Leaks:
    """How a boot stood once it had been visited, and what it tells."""

    facts: BootFacts
    found: tuple[Leak, ...]


@dataclass(frozen=True)
class LeakedSecrets(Evidence[Leaks]):
    """The secrets of the run that a boot wrote into its log, or its server into an answer."""

    spec: BootSpec = AS_DEPLOYED

    needs: ClassVar = _NEEDS

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one that is visited."""
        return (self.spec,)

    def gather(self, around: Surroundings) -> Leaks:
        """Look for each value where it must not be."""
        visits, canaries = around.look(Visited(self.spec)), around.dock.canaries
        leaks = (
            Leak(place, tuple(name for name, values in canaries.items() if any(v in text for v in values)))
            for place, text in _told(visits)
        )
        return Leaks(visits.facts, tuple(leak for leak in leaks if leak.names))


def _told(visits: Visits) -> Iterator[tuple[str, str]]:
    """Yield what a boot tells, and where."""
    yield "the log", visits.facts.log
    for reply in visits.replies:
        yield f"the answer to GET {reply.path}", _all_of(reply)


def _all_of(reply: Reply) -> str:
    headers = (f"{name}: {value}" for name, value in reply.headers.items())
    return "\n".join((*headers, reply.text))
