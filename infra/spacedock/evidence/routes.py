"""What a Space answers at each path that it names itself: in its API's description, and in its page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.edge.base import COMES_AS, Manner
from spacedock.evidence.asking import AskLimits, Reply, headers_of
from spacedock.evidence.base import Evidence, Surroundings, Unavailable
from spacedock.evidence.boots import asking
from spacedock.evidence.clients import somebody_else
from spacedock.evidence.markup import path_in
from spacedock.evidence.pages import PageSeen
from spacedock.evidence.redirects import ApiDescribed
from spacedock.evidence.streams import Streamed
from spacedock.evidence.visits import Followed
from spacedock.space import Space

_PATHS = 40  # at most, described and linked together
_SECONDS = 20.0  # for all of them together; what is not asked by then is not asked
_ONE = AskLimits(seconds=3.0, body=256 * 1024)
_SOMETHING = "spacedock"  # what is filled in where a path wants a value


@dataclass(frozen=True)
class RoutesAsked(Evidence[tuple[Reply, ...]]):
    """The replies to a GET of each path that a Space names, and to the manifest's requests, through the edge.

    Who asks is a visitor of its own, so that no limit of others is used up. Redirects are not followed.
    """

    needs: ClassVar = Followed.needs
    seconds: ClassVar = PageSeen.seconds + Streamed.seconds + _SECONDS

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> tuple[Reply, ...]:
        """Ask one after the other, as long as there is time, once the stream has been listened to."""
        if around.space.manifest.stream is not None:
            with suppress(Unavailable):  # nobody else may have the model answer meanwhile
                around.look(Streamed())
        instance, paths = around.ready(AS_DEPLOYED), tuple(_named(around))[:_PATHS]
        visitor = {COMES_AS: somebody_else()}
        replies: list[Reply] = []
        ends = time.monotonic() + _SECONDS
        with asking(instance, Manner.OBSERVED) as asker:
            for request in around.space.manifest.requests:
                headers = {**headers_of(request, instance.environment), **visitor}
                replies.append(asker.send(request, headers))
            for path in paths:
                if time.monotonic() < ends:
                    with suppress(ValueError):  # the Space names as a path what is none
                        replies.append(asker.ask("GET", path, headers=visitor, limits=_ONE))
        return tuple(replies)


def _named(around: Surroundings) -> Iterator[str]:
    """Yield the paths, each once: those that are described, then those that the page links to."""
    described = around.look(ApiDescribed()).operations
    every = [each.filled(_SOMETHING) for each in described if each.method == "GET"]
    if (seen := around.look(PageSeen())) is not None:
        origin = f"https://{around.space.host}"
        links = (path_in(origin, seen.page.absolute(link)) for link in seen.page.links)
        every += [path for path in links if path]
    yield from dict.fromkeys(every)
