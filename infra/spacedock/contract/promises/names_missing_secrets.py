"""A Space that lacks a secret says so and stops."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED, BootSpec, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.space import Space


class NamesMissingSecrets(Promise):
    """Each required secret withheld alone, all together, and all blank: exit, naming exactly those."""

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
    needs = frozenset({Capability.SERVICES})

    def nothing_to_check(self, space: Space) -> str:
        """Without a required secret in the manifest there is nothing to withhold."""
        return "" if space.manifest.required_secrets else "the manifest names no required secret"

    def specs(self, space: Space) -> tuple[BootSpec, ...]:
        """One boot as deployed to compare with, and one for each way of missing."""
        return (AS_DEPLOYED, *specs_without_secrets(space))

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Compare with a boot that lacks nothing: a Space that never starts says nothing of its secrets."""
        instances.ready(AS_DEPLOYED)
        for spec in specs_without_secrets(space):
            instance = instances.boot(spec)
            if seen := _defect(space, instance):
                yield self.problem(f"{_describe(spec)}: {seen}", instance=instance)


def specs_without_secrets(space: Space) -> tuple[BootSpec, ...]:
    """Return a boot for each required secret withheld alone, for all withheld, and for all blank."""
    required = frozenset(space.manifest.required_secrets)
    without = [frozenset({name}) for name in sorted(required)]
    if len(required) > 1:
        without.append(required)
    specs = [BootSpec(purpose=f"without {', '.join(sorted(names))}", withheld=names) for names in without]
    if required:
        specs.append(BootSpec(purpose="with blank secrets", blank=required))
    return tuple(specs)


def _defect(space: Space, instance: FullInstance) -> str:
    """Return what is wrong with how a boot without secrets ended; empty when nothing is."""
    if instance.boot.cause is not Cause.EXITED:
        return (
            "the Space started all the same" if instance.boot.ready else f"it did not exit; {instance.boot}"
        )
    if instance.boot.exit_code == 0:
        return "it exited with code 0, as if all were well"
    log = instance.logs()
    missing = instance.spec.withheld | instance.spec.blank
    if unnamed := sorted(name for name in missing if not _names(log, name)):
        return f"it exited with code {instance.boot.exit_code} and does not name {', '.join(unnamed)}"
    fine = sorted(name for name in space.manifest.secrets if name not in missing and _names(log, name))
    return f"it also names {', '.join(fine)}, which is there" if fine else ""


def _names(log: str, name: str) -> bool:
    """Whether the log names a variable, in either case: settings classes print their fields in lower case."""
    return re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", log, re.IGNORECASE) is not None


def _describe(spec: BootSpec) -> str:
    names = sorted(spec.withheld or spec.blank)
    which = names[0] if len(names) == 1 else f"all of {', '.join(names)}"
    return f"{which} {'not set' if spec.withheld else 'set to white space'}"
