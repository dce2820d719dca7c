"""A Space boots again where it has booted before."""

from __future__ import annotations

from collections.abc import Iterator

from spacedock.contract.base import Problem, Promise
from spacedock.contract.evidence.lives import TO_BE_STOPPED, ending
from spacedock.contract.instances import RESTARTED, Instances, NotReady
from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
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
    needs = frozenset({Capability.SIGNALS})

    def specs(self, _space: Space) -> tuple[BootSpec, ...]:
        """The first boot; the second one may not start before the first has ended."""
        return (TO_BE_STOPPED,)

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Stop the first instance, and boot the second."""
        try:
            ending(space, instances)
            second = instances.boot(RESTARTED)
        except NotReady:
            if instances.spent is None:
                raise
            second = instances.spent
        if not second.boot.ready:
            yield self._failed(second)

    def _failed(self, instance: FullInstance) -> Problem:
        return self.problem(
            f"it has booted before on these services; again, it {instance.boot}", instance=instance
        )
