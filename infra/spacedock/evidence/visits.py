"""Visits to a Space: by way of its edge, as a browser makes them, or where it listens."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.edge.base import Manner
from spacedock.evidence.asking import Asker, AskLimits, Reply
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.space import Space

_HTML = "text/html"
MANY_SECONDS = 60.0  # for many requests together; what is not asked by then is not asked
_ONE_OF_MANY = AskLimits(seconds=15.0)


@dataclass(frozen=True)
class Followed(Evidence[tuple[Reply, ...]]):
    """Every reply of a GET through the edge, redirects within the Space followed; the last one last."""

    path: str = "/"

    needs: ClassVar = frozenset({Capability.BOOT, Capability.EDGE})

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> tuple[Reply, ...]:
        """Ask as a browser that is sent to a page, which asks no preflight."""
        with asking(around.ready(AS_DEPLOYED), Manner.OBSERVED) as asker:
            return asker.follow(self.path)


@dataclass(frozen=True)
class FollowedDirectly(Evidence[tuple[Reply, ...]]):
    """The same of any method, without the edge: as a monitor inside the platform asks."""

    path: str = "/"
    method: str = "GET"

    needs: ClassVar = frozenset({Capability.BOOT})

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> tuple[Reply, ...]:
        """Ask where it listens."""
        with asking(around.ready(AS_DEPLOYED)) as asker:
            return asker.follow(self.path, method=self.method)


def is_page(reply: Reply) -> bool:
    """Whether a browser shows it as a page."""
    return reply.ok and reply.headers.get("content-type").lower().startswith(_HTML)


def on_and_on(replies: tuple[Reply, ...]) -> bool:
    """Whether redirects within the Space lead to no end."""
    return replies[-1].redirects and len(replies) > AskLimits().redirects


def heads(asker: Asker, paths: Iterable[str]) -> Iterator[Reply]:
    """Ask for each path, without its body, as long as all of them together take no time out of measure."""
    ends = time.monotonic() + MANY_SECONDS
    for path in paths:
        if time.monotonic() > ends:
            return
        try:
            yield asker.head_only("GET", path, limits=_ONE_OF_MANY)
        except ValueError:  # the Space names as a path what is none
            continue
