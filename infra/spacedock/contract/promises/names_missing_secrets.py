"""A Space that lacks a secret says so and stops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.docks.boots import BootSpec, Cause
from spacedock.evidence.base import Evidence, NotReady
from spacedock.evidence.boots import Booted, BootFacts
from spacedock.evidence.secrets import BootedWithout, specs_without_secrets
from spacedock.space import Space


class NamesMissingSecrets(Promise):
    """Each required secret withheld alone, all together, and all blank: exit, naming exactly those.

    That nobody sets a secret is certain to happen; that one is white space is a `should`.
    """

    title = "a missing secret stops the start and is named"
    reason = "Secrets are not copied when a Space is duplicated, and a pasted one is easily blank."
    consequence = (
        "Hugging Face shows RUNTIME_ERROR, `Exit code: N. Reason:` and the log's tail; "
        "what the tail does not name, the owner has to guess."
    )
    remedy = (
        "read every required setting before the server starts; when any is missing or blank, print the names "
        "of all of those, and of no other, and exit with a code that is not 0"
    )
    source = "spaces-overview, Managing secrets; incident missing-secret-crash"
    since = "0.1"
    evidence: ClassVar = (Booted, BootedWithout)

    def nothing_to_check(self, space: Space) -> str:
        """Without a required secret in the manifest there is nothing to withhold."""
        return "" if space.manifest.required_secrets else "the manifest names no required secret"

    def wants(self, space: Space) -> tuple[Evidence[Any], ...]:
        """One boot as deployed to compare with, and one for each way of missing."""
        return (Booted(), *map(BootedWithout, specs_without_secrets(space)))

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Compare with a boot that lacks nothing: a Space that never starts says nothing of its secrets."""
        deployed = seen(Booted())
        if not deployed.ready:
            raise NotReady(deployed)
        for spec in specs_without_secrets(space):
            facts = seen(BootedWithout(spec))
            if defect := _defect(space, facts):
                level = Level.SHOULD if spec.blank else None
                yield self.problem(f"{_describe(spec)}: {defect}", log=facts.log, level=level)


def _defect(space: Space, facts: BootFacts) -> str:
    """Return what is wrong with how a boot without secrets ended; empty when nothing is."""
    boot = facts.result
    if boot.cause is not Cause.EXITED:
        return "the Space started all the same" if boot.ready else f"it did not exit; {boot}"
    if boot.exit_code == 0:
        return "it exited with code 0, as if all were well"
    missing = facts.spec.withheld | facts.spec.blank
    if unnamed := sorted(name for name in missing if not _names(facts.log, name)):
        return f"it exited with code {boot.exit_code} and does not name {', '.join(unnamed)}"
    others = sorted(name for name in space.manifest.secrets if name not in missing)
    fine = [name for name in others if _names(facts.log, name)]
    return f"it also names {', '.join(fine)}, which is there" if fine else ""


def _names(log: str, name: str) -> bool:
    """Whether the log names a variable, in either case: settings classes print their fields in lower case."""
    return re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", log, re.IGNORECASE) is not None


def _describe(spec: BootSpec) -> str:
    names = sorted(spec.withheld or spec.blank)
    which = names[0] if len(names) == 1 else f"all of {', '.join(names)}"
    return f"{which} {'not set' if spec.withheld else 'set to white space'}"
