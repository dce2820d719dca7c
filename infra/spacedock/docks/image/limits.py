"""What a flavour of hardware comes to on the engine at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from spacedock import platform

_GIB = 2**30


@dataclass(frozen=True)
class Limits:
    """CPUs and memory of a berth, and what the flavour would have."""

    hardware: str
    cpus: int
    memory: int  # bytes

    @classmethod
    def of(cls, hardware: str, engine: Mapping[str, Any]) -> Self:
        """Return the flavour's, capped to what the engine has (`docker info`): it refuses more CPUs."""
        flavor = platform.HARDWARE[hardware]
        memory = min(flavor.memory_gb * _GIB, int(engine["MemTotal"]))
        return cls(hardware, min(flavor.cpus, int(engine["NCPU"])), memory)

    def options(self) -> dict[str, int]:
        """Return the engine's options; without swap, since on the platform a Space out of memory ends."""
        return {
            "nano_cpus": self.cpus * 10**9,
            "mem_limit": self.memory,
            "memswap_limit": self.memory,
        }

    def header(self) -> Iterator[str]:
        flavor = platform.HARDWARE[self.hardware]
        yield f"hardware {self.hardware}: {self.cpus} vCPU, {self.memory / _GIB:.3g} GiB"
        if self.cpus < flavor.cpus or self.memory < flavor.memory_gb * _GIB:
            yield f"the flavour has {flavor.cpus} vCPU and {flavor.memory_gb} GiB, more than this engine"
        if not self.hardware.startswith("cpu-"):
            yield "the flavour's GPU is not here"
