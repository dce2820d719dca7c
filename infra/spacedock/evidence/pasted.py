"""How a Space takes secrets as people paste them: with a line break after each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.evidence.asking import Reply
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import BootFacts, facts_of, here
from spacedock.evidence.quiet import quiet
from spacedock.evidence.requests import require_answers, sent
from spacedock.space import Space

PURPOSE = "with a line break after each secret"


@dataclass(frozen=True)
class PastedSecrets:
    """How it booted, and what each request was answered without the line breaks and with them."""

    facts: BootFacts
    before: tuple[Reply, ...]
    after: tuple[Reply, ...]
    log: str


@dataclass(frozen=True)
class Pasted(Evidence[PastedSecrets]):
    """An instance of its own, booted with a line break after each secret, is asked each request."""

    needs: ClassVar = frozenset({Capability.BOOT, Capability.VARY, Capability.SERVICES})
    disturbs: ClassVar = True

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed, which it is compared with."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> PastedSecrets:
        """Callers know the secrets as they are, and so do the requests."""
        before = require_answers(around).replies
        space, deployed = around.space, around.ready(AS_DEPLOYED)
        values = deployed.environment
        with around.own(with_line_breaks(space, deployed)) as instance:
            facts = facts_of(instance)
            if not facts.result.ready:
                return PastedSecrets(facts, before, (), facts.log)
            with here(instance) as asker:  # that it ends is an answer
                after = tuple(sent(asker, space.manifest.requests, values))
            return PastedSecrets(facts, before, after, quiet(instance).logs())


def with_line_breaks(space: Space, deployed: FullInstance) -> BootSpec:
    """Return the boot that is given each secret as people paste it."""
    values = deployed.environment
    there = sorted(name for name in space.manifest.secrets if name in values)
    return BootSpec(PURPOSE, environment=tuple((name, f"{values[name]}\n") for name in there))
