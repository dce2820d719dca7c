"""A Space comes up and answers though a service of it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.away import AwayServices, BootedWhileRefused, Hang
from spacedock.evidence.base import Evidence
from spacedock.space import Space

_BARE = 500  # what a server says of an error that nobody caught; 503 says that something is away
_NO_ERROR = (
    "catch the client's errors where the ready path asks a service, and answer 503 with its name; or let the "
    "ready path ask none"
)


class AnswersWhileAServiceIsAway(Promise):
    """Each service hangs in turn under a Space that runs; a second boot meets services that refuse."""

    title = "its ready path answers while a service hangs, and it boots while services refuse"
    reason = "Databases nap, move and hang; the path that tells whether a Space lives is asked all the same."
    consequence = (
        "Monitors count a Space as down whose state waits for a service; 137 s were seen. A Space "
        "that exits because its database naps stays in RUNTIME_ERROR until somebody restarts it."
    )
    remedy = (
        "let the ready path ask no service, or ask with a limit of a second or two; give each client a "
        "timeout; connect when a service is first needed, and try again, instead of once at start"
    )
    source = (
        "incidents health-endpoint-hangs-on-dependency, neon-cold-start-timeout, db-idle-connection-closed"
    )
    since = "0.2"
    level = Level.SHOULD
    evidence: ClassVar = (AwayServices, BootedWhileRefused)

    def nothing_to_check(self, space: Space) -> str:
        """Without a service there is none that could be away."""
        return "" if space.manifest.services else "the manifest names no service"

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """Both, side by side."""
        return (AwayServices(), BootedWhileRefused())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look what each hang did; then how a boot went while all refused."""
        for hang in seen(AwayServices()).hangs:
            yield from self._hang(space.manifest.space.ready, hang)
        refused = seen(BootedWhileRefused())
        if not refused.result.ready:
            said = f"while every service refuses connections it does not boot: {refused.result}"
            yield self.problem(said, log=refused.log)

    def _hang(self, path: str, hang: Hang) -> Iterator[Problem]:
        """Compare the answers before, while and after a service hung."""
        if hang.meanwhile is None:
            said = f"GET {path} is not answered within {hang.budget:.0f} s while {hang.service} hangs"
            yield self.problem(said, log=hang.log_meanwhile)
        elif hang.meanwhile == _BARE and hang.before is not None and hang.before < _BARE:
            said = (
                f"GET {path} answered {hang.before}; while {hang.service} hangs it answers {hang.meanwhile}"
            )
            yield self.problem(said, log=hang.log_meanwhile, remedy=_NO_ERROR)
        if hang.before is not None and hang.after != hang.before:
            said = (
                f"GET {path} answered {hang.before} before {hang.service} hung; {hang.budget:.0f} s after it "
                f"was mended it {_told(hang.after)}"
            )
            yield self.problem(said, log=hang.log_after)


def _told(status: int | None) -> str:
    return "does not answer" if status is None else f"answers {status}"
