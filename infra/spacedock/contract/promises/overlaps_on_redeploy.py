"""A Space boots while another one of it still serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.base import NotReady
from spacedock.evidence.boots import Booted
from spacedock.evidence.lives import Interference, SideBySide
from spacedock.space import Space


class OverlapsOnRedeploy(Promise):
    """Old and new run side by side on the same services, both answer, and the end of one leaves the other."""

    title = "a new instance boots while the old one serves"
    reason = "The platform starts the new container before it stops the old one; both want the same services."
    consequence = (
        "RUNNING_APP_STARTING ends in RUNTIME_ERROR: the new container fails as long as the old one serves, "
        "or breaks what the old one is doing."
    )
    remedy = (
        "take no lock and no name for the whole life of the server, count two pools against the database's "
        "limit, and wait for what is exclusive in the background, after the port is open"
    )
    source = "client, stages RUNNING_BUILDING and RUNNING_APP_STARTING; incident pool-exhausted"
    since = "0.2"
    evidence: ClassVar = (Booted, Interference, SideBySide)

    def wants(self, _space: Space) -> tuple[SideBySide, ...]:
        """The one that serves, the end of another one, and a new one."""
        return (SideBySide(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look whether they bear each other, and what they answer side by side."""
        deployed = seen(Booted())
        if not deployed.ready:
            raise NotReady(deployed)
        if crowded := seen(Interference()).crowded:
            said = f"beside another instance of the same Space it {crowded.result}; alone it boots"
            yield self.problem(said, log=crowded.log)
        elif (overlap := seen(SideBySide())).failing:
            yield self.problem(overlap.failing, log=overlap.log)
