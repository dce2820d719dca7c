"""Whoever calls a Space while it sleeps goes on trying for as long as it takes to wake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock import platform
from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.waking import Woken
from spacedock.space import Space

_HOURS = 48  # until a Space on free hardware sleeps (spaces-gpus)


class WakesInItsCallersPatience(Promise):
    """The platform adds to the start what it takes to find a machine and to fetch the image."""

    title = "who calls it while it sleeps waits until it has woken"
    reason = (
        f"On free hardware it sleeps after {_HOURS} h without visits; the visit that wakes it meets the edge."
    )
    consequence = (
        f"The first visitor after a quiet weekend gets {platform.EDGE_AWAY_STATUS.value}, and the front end "
        "says that it is broken."
    )
    remedy = (
        f"on {platform.EDGE_AWAY_STATUS.value} and 502 have the front end try again with growing pauses, for "
        "minutes, and say that it wakes; start faster; or take hardware that does not sleep. Visits around "
        "the clock only to keep it awake were reported to get a Space flagged"
    )
    source = "platform fact EDGE_AWAY_STATUS; incident sleeping-503-cold-start; forum 176238"
    since = "0.3"
    level = Level.SHOULD
    evidence: ClassVar = (Woken,)

    def nothing_to_check(self, space: Space) -> str:
        """How long callers try only the manifest knows."""
        given = space.manifest.origins.patience is not None
        return "" if given else "the manifest does not say how long its callers try (`origins.patience`)"

    def wants(self, _space: Space) -> tuple[Woken, ...]:
        """The instance whose end stops-on-sigterm looks at; it wakes when it is called."""
        return (Woken(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Compare how long it takes to wake with how long callers try."""
        woke = seen(Woken())
        patience = space.manifest.origins.patience or 0.0
        if woke.seconds > patience:
            yield self.problem(
                f"who calls while it sleeps gets {woke.turned_away or 'no answer'}, and is answered after "
                f"{woke.seconds:.1f} s at the earliest; its callers give up after {patience:g} s"
            )
