"""A Space boots when it has all that it asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.causes import cause_of_exit
from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.errors import BootError
from spacedock.evidence.base import Evidence, NotReady
from spacedock.evidence.boots import WITH_ENV_FILE, Booted, BootedAsImageUser, BootedOtherwise, BootFacts
from spacedock.evidence.denials import DeniedAtBoot
from spacedock.space import Space

_NAMED = 5  # hosts


class BootsAsDeployed(Promise):
    """An exit with a code other than 0, which no other user and no `.env` file would have prevented.

    What serves and is started again whenever it ends, without an answer in between, has not booted either.
    """

    title = "it boots with what the platform gives it"
    reason = "A start that fails ends the Space, and its log is all that is left of it."
    consequence = (
        "RUNTIME_ERROR, with the log's last lines as the reason, until somebody pushes a mended one."
    )
    remedy = "read the last lines of its log below; `spacedock diagnose` names what is known of them"
    source = "spaces-overview, Lifecycle; incident missing-secret-crash"
    since = "0.3"
    exit_code = BootError.exit_code
    evidence: ClassVar = (Booted, BootedAsImageUser, BootedOtherwise, DeniedAtBoot)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """The boot as deployed; others only where that fails."""
        return (Booted(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at the boot as deployed; one that has a promise of its own is left to that."""
        deployed = seen(Booted())
        if deployed.result.ready:
            return
        if not _failed(deployed) or _would_boot_otherwise(seen):
            raise NotReady(deployed)
        if hosts := _denied_by_the_dock(seen):
            yield self._denied(deployed, hosts)
            return
        cause = cause_of_exit(deployed.log, space)
        said = f"it {deployed.result}"
        yield self.problem(
            f"{said}: {cause.seen}" if cause else said,
            log=deployed.log,
            consequence=f"{deployed.state}.",
            remedy=cause.remedy if cause else "",
        )

    def _denied(self, deployed: BootFacts, hosts: list[str]) -> Problem:
        """Say what it wanted of the outside: what it had done with it on the platform nobody knows."""
        return self.problem(
            f"it {deployed.result}, after the dock had denied it {', '.join(hosts)}",
            log=deployed.log,
            consequence="Not known: Hugging Face denies it none of these. Here nothing real is reached that "
            "the manifest does not allow.",
            remedy=f"let it reach them, `[egress] allow = {json.dumps(hosts)}` in the manifest; or have it "
            "start without them",
            level=Level.SHOULD,
        )


def _denied_by_the_dock(seen: Seen) -> list[str]:
    """Return the hosts that only the dock kept from a boot; none where the platform denies it something."""
    tries = seen(DeniedAtBoot()) if seen.can_show(DeniedAtBoot) else ()
    if any(denial.platform for denial in tries):
        return []
    return list(dict.fromkeys(denial.host for denial in tries))[:_NAMED]


def _failed(facts: BootFacts) -> bool:
    """Whether it ended with an error of its own, and not for want of memory or disk."""
    ended = facts.result.failed and facts.result.exit_code != 0
    return ended and not facts.over_its_limits


def _would_boot_otherwise(seen: Seen) -> bool:
    """Whether it comes up as another user or with a file, as far as the run can show that."""
    others = (BootedAsImageUser(attempted=True), BootedOtherwise(WITH_ENV_FILE, attempted=True))
    return any(seen(other).result.ready for other in others if seen.can_show(type(other)))
