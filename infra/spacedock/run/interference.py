"""What boots of one run do to each other, judged apart from when they are started.

All boots of a run share its services, and most run side by side. One that fails although nothing was withheld
from it may have failed for the others' sake: then one promise is broken by that, and no other.

- beside others only: the boot is `crowded`;
- always, once the Space has booted on these services: the boot is `spent`.
"""

from __future__ import annotations

from dataclasses import replace

from spacedock.docks.boots import BootSpec
from spacedock.docks.instance import FullInstance
from spacedock.evidence.boots import RESTARTED, BootFacts, facts_of
from spacedock.run.instances import Instances

_QUICK = 0.25  # of the window: a boot that takes less was not held up by a machine that is busy with others


class Suspected(Exception):  # noqa: N818 - a state of the run, which nobody is told
    """A boot failed beside others, and may have failed for their sake: alone it will be seen."""

    def __init__(self, instance: FullInstance) -> None:
        super().__init__(f"{instance.spec.purpose}: {instance.boot}")
        self.instance = instance


class Neighbours:
    """What is known of how the boots of a run bear each other; kept while the run starts over."""

    def __init__(self) -> None:
        self.crowded: BootFacts | None = None
        self.spent: BootFacts | None = None
        self.came_up: list[BootSpec] = []
        self._judged: set[BootSpec] = set()

    def judge(self, instance: FullInstance, instances: Instances) -> None:
        """Conclude what can be concluded from a boot. Raises Suspected where it must be seen alone."""
        if self.spent or not ought_to_succeed(instance) or bare(instance.spec) in self._judged:
            return
        instances.settle()
        if not instances.came_up:
            self._judged.add(bare(instance.spec))
        elif not instances.one_at_a_time:
            raise Suspected(instance)
        else:
            self._judged.add(bare(instance.spec))
            self.spent = self._seen_spent(instance, instances)

    def judge_alone(self, beside: FullInstance, instances: Instances) -> None:
        """Boot alone what has failed beside others, and conclude from how that goes."""
        self._judged.add(bare(beside.spec))
        instances.close_all()
        alone = instances.get(beside.spec)
        if not alone.boot.ready:
            self.spent = self._seen_spent(alone, instances)
        elif for_the_others_sake(beside, alone):
            self.crowded = facts_of(beside)

    def _seen_spent(self, instance: FullInstance, instances: Instances) -> BootFacts | None:
        """Return the boot that shows that what came up once does not come up again; None when it does."""
        before = [spec for spec in instances.came_up if is_given_all(spec) and not spec.environment]
        if bare(instance.spec) in map(bare, before):
            return facts_of(instance)
        if not before:
            return None
        instances.close_all()
        again = instances.get(replace(before[0], purpose=RESTARTED.purpose))
        return None if again.boot.ready else facts_of(again)


def ought_to_succeed(instance: FullInstance) -> bool:
    """Whether a boot has failed, with all that a Space needs, in a way that others may have caused."""
    failed = instance.boot.failed or instance.boot.late
    return failed and not instance.boot.over_its_limits and is_given_all(instance.spec)


def is_given_all(spec: BootSpec) -> bool:
    """Whether none of the secrets is kept from it."""
    return not spec.withheld and not spec.blank


def for_the_others_sake(beside: FullInstance, alone: FullInstance) -> bool:
    """Whether a boot that fails beside others and not alone was in their way, not short of processor time."""
    return not beside.boot.late or alone.boot.seconds < alone.boot.window.here * _QUICK


def bare(spec: BootSpec) -> BootSpec:
    """Return the spec without its purpose: what the Space itself is given."""
    return replace(spec, purpose="")
