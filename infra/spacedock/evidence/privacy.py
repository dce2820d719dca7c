"""What private requests are answered: to who may have it, and to who does not say who they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.evidence.asking import Asker, Reply, headers_of
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.space import Space
from spacedock.space.manifest import Request

# What any page may send with a call (Fetch standard, CORS-safelisted): it shows nobody who it is.
_SAYS_NOTHING = frozenset({"accept", "accept-language", "content-language", "content-type", "range"})
_SOMEBODY = "https://somebody-else.example"


@dataclass(frozen=True)
class PrivateReplies:
    """The replies to one private request."""

    known: Reply  # to who may
    nobody: Reply | None = None  # to who does not say who they are; not asked where who may is refused
    from_origin: Reply | None = None  # the same, called from `origin`
    origin: str = ""


@dataclass(frozen=True)
class PrivateAnswers:
    """The replies to all private requests of the manifest."""

    replies: tuple[PrivateReplies, ...]
    log: str


@dataclass(frozen=True)
class PrivatelyAsked(Evidence[PrivateAnswers]):
    """The private requests of the manifest, sent with and without what shows who calls.

    Through the edge where there is one: there no list of origins keeps anybody out.
    """

    needs: ClassVar = frozenset({Capability.BOOT})

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> PrivateAnswers:
        """Call each as somebody who may, as nobody, and as nobody from another origin."""
        instance, space = around.ready(AS_DEPLOYED), around.space
        manner = around.conditions.edge if Capability.EDGE in around.dock.capabilities else None
        origin = next(iter(space.manifest.origins.refused), _SOMEBODY)
        with asking(instance, manner) as asker:
            replies = tuple(
                _asked(asker, request, headers_of(request, instance.environment), origin)
                for request in private_of(space)
            )
        return PrivateAnswers(replies, instance.logs())


def private_of(space: Space) -> tuple[Request, ...]:
    """Return the requests that only some may make, as the manifest says."""
    return tuple(request for request in space.manifest.requests if request.private)


def is_refused(reply: Reply) -> bool:
    """Whether who asked got nothing, whoever they are."""
    return reply.status is None or reply.status >= 400


def _asked(asker: Asker, request: Request, headers: Mapping[str, str], origin: str) -> PrivateReplies:
    known = asker.send(request, headers)
    if is_refused(known):  # a refusal of everybody would prove nothing
        return PrivateReplies(known)
    bare = {name: value for name, value in headers.items() if name.lower() in _SAYS_NOTHING}
    nobody = asker.send(request, bare)
    return PrivateReplies(known, nobody, asker.send(request, {**bare, "origin": origin}), origin)
