"""Hardware: the flavours, and what happens over their limits."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from spacedock.platform.fact import Confidence, Fact


@dataclass(frozen=True)
class Flavor:
    """One hardware flavour: vCPUs, memory and disk in GB."""

    cpus: int
    memory_gb: int
    disk_gb: int

    def __str__(self) -> str:
        return f"{self.cpus} vCPU, {self.memory_gb} GB, {self.disk_gb} GB disk"


HARDWARE: Final = Fact(
    "the flavours whose resources are known",
    MappingProxyType(
        {
            "cpu-basic": Flavor(2, 16, 50),
            "cpu-upgrade": Flavor(8, 32, 50),
            "t4-small": Flavor(4, 15, 50),
            "t4-medium": Flavor(8, 30, 100),
            "l4x1": Flavor(8, 30, 400),
            "l4x4": Flavor(48, 186, 3200),
            "l40sx1": Flavor(8, 62, 380),
            "l40sx4": Flavor(48, 382, 3200),
            "a10g-small": Flavor(4, 15, 110),
            "a10g-large": Flavor(12, 46, 200),
            "a10g-largex2": Flavor(24, 92, 1000),
            "a10g-largex4": Flavor(48, 184, 2000),
            "a100-large": Flavor(12, 142, 1000),
        }
    ),
    Confidence.DOCUMENTED,
    "spaces-gpus; spaces-overview, Hardware resources",
    "2026-08",
    probe="limits",
)
UNKNOWN_FLAVOR: Final = Flavor(
    48, 382, 3200
)  # the most that is known: nothing is bounded for want of a number


def flavor(name: str) -> Flavor:
    """Return the resources of a flavour; of one that nobody described here, more than most machines have."""
    return HARDWARE.value.get(name, UNKNOWN_FLAVOR)


SLEEPS_AFTER_SECONDS: Final = Fact(
    "how long cpu-basic runs without visits before it sleeps, seconds",
    48 * 3600.0,
    Confidence.DOCUMENTED,
    "spaces-gpus, Sleep time",
    "2026-08",
    text="48 h",
)
OOM_TEXT: Final = Fact(
    "what a Space is told that used more memory than its flavour has",
    "Memory limit exceeded ({memory}Gi)",
    Confidence.REPORTED,
    "incident oom-16gi",
    "2026",
)
OOM_EXIT_CODE: Final = Fact("its exit code", 137, Confidence.REPORTED, "incident oom-16gi", "2026")
DISK_TEXT: Final = Fact(
    "what a Space is told that used more disk than its flavour has",
    "Workload evicted, storage limit exceeded ({disk}G)",
    Confidence.REPORTED,
    "incident disk-50g-evicted",
    "2026",
)
