"""What every visitor asks of a Space, and a path that it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.evidence.asking import AskLimits, Reply
from spacedock.evidence.base import Evidence, NotReady, Surroundings
from spacedock.evidence.boots import BootFacts, asking, facts_of
from spacedock.evidence.quiet import quiet
from spacedock.space import Space

PATIENCE = AskLimits(seconds=10.0)  # of a visitor
_NO_SUCH_PAGE = "/spacedock-no-such-page"


@dataclass(frozen=True)
class Visits:
    """How the Space stood afterwards, and what it answered: nothing where it had not come up."""

    facts: BootFacts
    replies: tuple[Reply, ...]


@dataclass(frozen=True)
class Visited(Evidence[Visits]):
    """GET /, the ready path, and a path that is none. That a Space ends by it is seen, too."""

    spec: BootSpec = AS_DEPLOYED

    needs: ClassVar = frozenset({Capability.BOOT})

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one that is visited."""
        return (self.spec,)

    def gather(self, around: Surroundings) -> Visits:
        """Ask one after the other, and read the log when it has come to rest."""
        instance, replies = around.attempt(self.spec), list[Reply]()
        if not instance.boot.ready:
            return Visits(facts_of(instance), ())
        with suppress(NotReady), asking(instance) as asker:
            replies += (asker.ask("GET", path, limits=PATIENCE) for path in _paths(around.space))
        return Visits(facts_of(quiet(instance)), tuple(replies))


def _paths(space: Space) -> Iterator[str]:
    yield from dict.fromkeys(("/", space.manifest.space.ready, _NO_SUCH_PAGE))
