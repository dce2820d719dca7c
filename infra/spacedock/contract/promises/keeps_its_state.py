"""A Space knows after a restart what it was given to keep before."""

from __future__ import annotations

from collections.abc import Iterator

from spacedock.contract.base import Problem, Promise
from spacedock.contract.evidence.answered import require_answers
from spacedock.contract.evidence.asking import Answer, send
from spacedock.contract.evidence.lives import TO_BE_STOPPED, ending
from spacedock.contract.evidence.quiet import quiet
from spacedock.contract.instances import RESTARTED, Instances
from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.space import Space


class KeepsItsState(Promise):
    """What is written to one instance is read from the next one, which has a disk of its own."""

    title = "what it was given to keep is there after a restart"
    reason = (
        "The disk of a Space begins anew with every start: what was written there is gone, without a word."
    )
    consequence = (
        "Each restart, sleep and push wipes it: notes, uploads, users, the index. No line of the log need "
        "tell; visitors miss what they had left."
    )
    remedy = (
        "keep it outside of the container: in a database, or on storage that is attached to the Space and "
        "written to where it is mounted; make anew at the start what can be made anew"
    )
    source = "spaces-storage (the disk is lost at every restart); incident ephemeral-storage-amnesia"
    since = "0.3"
    needs = frozenset({Capability.SIGNALS, Capability.DISK})

    def nothing_to_check(self, space: Space) -> str:
        """What a Space is meant to keep only the manifest knows."""
        return "" if space.manifest.state else "the manifest names no [state]"

    def specs(self, _space: Space) -> tuple[BootSpec, ...]:
        """The instance that is written to; the one that must remember boots once that has ended."""
        return (TO_BE_STOPPED,)

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Compare what is read before a stop with what is read after the next boot."""
        require_answers(space, instances)
        first = ending(space, instances)
        for answer in first.state:
            if _refused(answer):
                seen = f"it takes nothing that it could keep: {answer}"
                yield self.problem(seen, instance=first.instance)
                return
        *_, before = first.state
        second = instances.ready(RESTARTED)
        after = send(second, before.request)
        if (after.status, after.text) != (before.status, before.text):
            yield self.problem(f"{before}; after a restart {after}", instance=quiet(second))


def _refused(answer: Answer) -> bool:
    return answer.status is None or answer.status >= 400
