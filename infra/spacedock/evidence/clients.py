"""Whom a Space takes for its client, where it shows that: in its log, and in what it counts."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.instance import Instance
from spacedock.edge.base import COMES_AS, VISITOR, Manner
from spacedock.evidence.asking import Reply
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.evidence.quiet import quiet
from spacedock.evidence.visits import Followed
from spacedock.space import Space

_NAMES = 254  # addresses in the block that is forged from (RFC 5737, for documentation)
_PATIENCE = 1.0  # seconds that a line gets to be in the log, where nothing was written yet
_PAUSE = 0.02


@dataclass(frozen=True)
class ForgedVisits:
    """One visitor came three times and said to be somebody: twice the same, then another.

    A second visitor came once, and made nothing up.
    """

    claimed: tuple[str, str]  # whom the visitor said to be
    replies: tuple[Reply, Reply, Reply]  # to the visitor
    beside: Reply  # to the second one
    written: str  # what the log has gained


@dataclass(frozen=True)
class ClaimedToBeOthers(Evidence[ForgedVisits]):
    """Visits through the edge with an `X-Forwarded-For` that was made up."""

    needs: ClassVar = Followed.needs

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> ForgedVisits:
        """Come as somebody else, and wait for what is written of it."""
        instance, path = around.ready(AS_DEPLOYED), around.space.manifest.space.ready
        first, second = made_up()
        before = len(instance.logs())
        with asking(instance, Manner.OBSERVED) as asker:
            one, two, other = (
                asker.head_only("GET", path, headers={"X-Forwarded-For": who})
                for who in (first, first, second)
            )
            beside = asker.head_only("GET", path, headers={COMES_AS: somebody_else()})
        return ForgedVisits((first, second), (one, two, other), beside, _written_since(instance, before))


def made_up() -> tuple[str, str]:
    """Return two addresses that belong to nobody (RFC 5737)."""
    one, two = secrets.SystemRandom().sample(range(1, _NAMES + 1), 2)
    return f"203.0.113.{one}", f"203.0.113.{two}"


def somebody_else() -> str:
    """Return the address of another visitor than `VISITOR`, whom nobody has been so far."""
    return f"{VISITOR.rpartition('.')[0]}.{secrets.SystemRandom().randint(2, _NAMES)}"


def _written_since(instance: Instance, before: int) -> str:
    """Return what the log has gained; a server may write a request down a moment after it has answered."""
    patience_ends = time.monotonic() + _PATIENCE
    while len(instance.logs()) <= before and time.monotonic() < patience_ends:
        time.sleep(_PAUSE)
    return quiet(instance).logs()[before:]  # the first that was written may be of somebody else's request
