"""A Space that is told to stop answers whoever it has begun to listen to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.base import NotSeen
from spacedock.evidence.lives import Stopped
from spacedock.space import Space


class FinishesOpenRequests(Promise):
    """A request is held half sent, SIGTERM comes, the rest is sent: where the Space lets one be held."""

    title = "a request that is open when it is told to stop is answered"
    reason = "Every new build stops a container that somebody may be talking to."
    consequence = "Whoever asks while a new build takes over gets an error instead of an answer."
    remedy = (
        "on SIGTERM take no more connections, finish the requests that are open, then exit: uvicorn and "
        "gunicorn do so by themselves, Node with `server.close()`, Go with `Server.Shutdown`"
    )
    source = "client, stage RUNNING_BUILDING (the old container serves until it is stopped); grace inferred"
    since = "0.2"
    level = Level.SHOULD
    evidence: ClassVar = (Stopped,)

    def nothing_to_check(self, space: Space) -> str:
        """Where no request with a body is known, none can be held open."""
        asked = space.manifest.origins.allowed or space.manifest.stream
        return "" if asked else "the manifest names no request: `[origins]` or `[stream]`"

    def wants(self, _space: Space) -> tuple[Stopped, ...]:
        """The instance whose end stops-on-sigterm looks at too."""
        return (Stopped(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look what became of the request; that of one that had to be killed is no matter of its own."""
        ended = seen(Stopped())
        if ended.request is None:
            raise NotSeen("no request could be held open: it is answered, or refused, before it is read")
        if ended.request.cut and not ended.stop.killed:
            said = f"{ended.request.line}, half read when SIGTERM came, {ended.request.cut}"
            yield self.problem(said, log=ended.log)
