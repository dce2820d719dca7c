"""A Space boots again where it has booted before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.evidence.lives import Interference, Restarted
from spacedock.space import Space


class SurvivesARestart(Promise):
    """One instance is stopped; a second boots on the services as that left them, with a disk of its own."""

    title = "it boots a second time, on services that it has used before"
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
    evidence: ClassVar = (Interference, Restarted)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """The second boot, which may not start before the first has ended."""
        return (Restarted(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at the second boot, or at the one that showed earlier that there is none."""
        second = seen(Interference()).spent or seen(Restarted())
        if not second.result.ready:
            said = f"it has booted before on these services; again, it {second.result}"
            yield self.problem(said, log=second.log)
