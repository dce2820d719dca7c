"""A Space boots again where it has booted before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.base import Evidence, Unavailable
from spacedock.evidence.lives import Aftermath, AnsweredAgain, Interference, Restarted
from spacedock.space import Space


class SurvivesARestart(Promise):
    """One instance is stopped; a second boots on the services as that left them, with a disk of its own.

    It answers what the first one answered, and what had been left in a service is still there.
    """

    title = "it boots and answers a second time, on services that it has used before"
    reason = (
        "A migration that works once, or a lock that a stop leaves behind, shows at the second boot only."
    )
    consequence = (
        "A new secret, variable or build, a sleep and a restart each boot it anew: it ends in RUNTIME_ERROR "
        "although nobody changed its code."
    )
    remedy = (
        "let a start find what an earlier one has made: migrations that know what was done (`IF NOT EXISTS`, "
        "a version table), locks that end with the connection or after a time"
    )
    source = "spaces-storage (the disk is lost at every restart); spaces-overview (what restarts a Space)"
    since = "0.2"
    evidence: ClassVar = (AnsweredAgain, Interference, Restarted)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """The second boot, which may not start before the first has ended, and is asked while it is there."""
        return (Restarted(), AnsweredAgain())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at the second boot, or at the one that showed earlier that there is none."""
        second = seen(Interference()).spent or seen(Restarted())
        if not second.result.ready:
            said = f"it has booted before on these services; again, it {second.result}"
            yield self.problem(said, log=second.log)
            return
        with suppress(Unavailable):  # another promise says why
            yield from self._aftermath(seen(AnsweredAgain()))

    def _aftermath(self, again: Aftermath) -> Iterator[Problem]:
        for failed in again.failed:
            yield self.problem(
                f"it has booted before on these services; again it comes up, and {failed}",
                log=again.log,
                consequence="RUNNING, and every visitor sees the error, from the first restart on.",
            )
        for service in again.emptied:
            yield self.problem(
                f"what a request had left in {service} is gone once it has booted again",
                log=again.log,
                consequence="Each restart, sleep and push empties it: nothing on the platform says so.",
                remedy="drop and truncate nothing at start; make what is missing (`IF NOT EXISTS`)",
            )
