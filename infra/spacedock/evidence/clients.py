"""Whom a Space takes for its client, where it shows that: in its log, and in what it counts."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.instance import Instance
from spacedock.edge.base import COMES_AS, VISITOR, Manner
from spacedock.evidence.asking import Asker, AskLimits, Reply, headers_of
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.evidence.quiet import quiet
from spacedock.evidence.visits import Followed
from spacedock.space import Space
from spacedock.space.manifest import Request

_NAMES = 254  # addresses in the block that is forged from (RFC 5737, for documentation)
_PATIENCE = 1.0  # seconds that a line gets to be in the log, where nothing was written yet
_PAUSE = 0.02
_TOO_MANY = 429
_TRIED = 3  # requests of the manifest
_REQUESTS = 70  # of one kind: limits are as a rule 10 to 60 a minute
_TRYING = 6.0  # seconds for all of them
_TURNS = 3
_ONE_OF_MANY = AskLimits(seconds=3.0)


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


@dataclass(frozen=True)
class LimitReached:
    """A limit that turned away one visitor, who then said to be somebody else, in turns."""

    request: str
    after: int  # requests that were not turned away
    lifted: bool  # whether the visitor was served under another name, and under the first one was not


@dataclass(frozen=True)
class AskedUntilLimited(Evidence[LimitReached | None]):
    """The manifest's requests, sent by one visitor until one is turned away (429); None where none is.

    It may use up what all visitors share, so that nobody asks any more by then.
    """

    needs: ClassVar = Followed.needs
    concludes: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> LimitReached | None:
        """Try each of the first requests, as far as there is time."""
        instance, ends = around.ready(AS_DEPLOYED), time.monotonic() + _TRYING
        with asking(instance, Manner.OBSERVED) as asker:
            for request in around.space.manifest.requests[:_TRIED]:
                visitor = _Visitor(asker, request, headers_of(request, instance.environment), somebody_else())
                if (found := visitor.until_limited(ends)) is not None:
                    return found
        return None


@dataclass(frozen=True)
class _Visitor:
    """One who sends a request again and again, and says to be whom they like."""

    asker: Asker
    request: Request
    headers: Mapping[str, str]
    address: str

    def until_limited(self, ends: float) -> LimitReached | None:
        first, second = made_up()
        for number in range(_REQUESTS):
            if time.monotonic() > ends:
                return None
            if self._is_turned_away(first):
                # A limit that fills up again serves whoever comes first, and not always the other one.
                lifted = all(
                    not self._is_turned_away(second) and self._is_turned_away(first) for _ in range(_TURNS)
                )
                return LimitReached(f"{self.request.method} {self.request.path}", number, lifted)
        return None

    def _is_turned_away(self, claimed: str) -> bool:
        headers = {**self.headers, "X-Forwarded-For": claimed, COMES_AS: self.address}
        return self.asker.send(self.request, headers, _ONE_OF_MANY).status == _TOO_MANY


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
