"""What `/` comes to for everybody, once the Space has had time to load."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import Denial, FullInstance
from spacedock.evidence.asking import Reply
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.evidence.quiet import quiet
from spacedock.evidence.visits import FollowedDirectly
from spacedock.space import Space

_LOADS = 503  # how a server says that it is there and not ready yet
_LOADING = 20.0  # seconds that it may say so for
_PAUSE = 0.5  # seconds between two questions


@dataclass(frozen=True)
class RootFailure:
    """The reply that `/` ends with, which is none or a server error, and who gave it."""

    reply: Reply
    log: str
    denied: tuple[Denial, ...]  # what the dock alone kept from it, as the platform would not


@dataclass(frozen=True)
class RootFails(Evidence[RootFailure | None]):
    """How `/` fails, redirects within the Space followed; None where it does not."""

    needs: ClassVar = frozenset({Capability.BOOT})
    seconds: ClassVar = FollowedDirectly.seconds + _LOADING

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> RootFailure | None:
        """Look at what it was answered; one that loads is asked again."""
        reply, instance = around.look(FollowedDirectly())[-1], around.ready(AS_DEPLOYED)
        if reply.status == _LOADS:
            reply = _loaded(instance, reply)
        if not (reply.failed or reply.misdirected):
            return None
        denied = tuple(denial for denial in instance.denials() if not denial.platform)
        return RootFailure(reply, quiet(instance).logs(), denied)


def _loaded(instance: FullInstance, reply: Reply) -> Reply:
    """Ask until it says that it has loaded, or has had the time for it; return what it said last."""
    patience_ends = time.monotonic() + _LOADING
    with asking(instance) as asker:
        while reply.status == _LOADS and time.monotonic() < patience_ends:
            time.sleep(_PAUSE)
            reply = asker.follow()[-1]
    return reply
