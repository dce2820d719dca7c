"""A Space knows after a restart what it was given to keep before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.asking import Reply
from spacedock.evidence.lives import KeptState
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
    evidence: ClassVar = (KeptState,)

    def nothing_to_check(self, space: Space) -> str:
        """What a Space is meant to keep only the manifest knows."""
        return "" if space.manifest.state else "the manifest names no [state]"

    def wants(self, _space: Space) -> tuple[KeptState, ...]:
        """What one instance is given, and the next one remembers."""
        return (KeptState(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Compare what is read before a stop with what is read after the next boot."""
        kept = seen(KeptState())
        if kept.refused:
            yield self.problem(f"it takes nothing that it could keep: {kept.refused}", log=kept.log)
        elif kept.before and kept.after and _said(kept.before) != _said(kept.after):
            yield self.problem(f"{kept.before}; after a restart {kept.after}", log=kept.log)


def _said(reply: Reply) -> tuple[int | None, str]:
    return reply.status, reply.text
