"""Boots that are told a port, which the platform is not known to do."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import BootFacts, facts_of

_NEEDS = frozenset({Capability.BOOT, Capability.VARY})


def with_port(port: int) -> BootSpec:
    """Return the boot that is told a port."""
    return BootSpec(purpose=f"with PORT={port}", port=port)


@dataclass(frozen=True)
class BootedAnywhere(Evidence[BootFacts]):
    """The boot that is told a port that nobody has reason to expect."""

    needs: ClassVar = _NEEDS

    def gather(self, around: Surroundings) -> BootFacts:
        """Boot it with one that is free where docks share this machine's ports."""
        return facts_of(around.instance(with_port(_free_port())))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
