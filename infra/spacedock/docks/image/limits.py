"""What a flavour of hardware comes to on the engine at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from docker.errors import APIError

from spacedock import platform
from spacedock.confinement import confined

if TYPE_CHECKING:
    from docker import DockerClient

    from spacedock.runs import OpenRun

_GIB = 2**30
_GB = 10**9
# Docker's reference, `docker run --storage-opt`: who bounds a container's layer; overlay2 only on xfs.
_BOUNDING = frozenset({"btrfs", "zfs"})
_NEVER_STARTED = ["-"]


@dataclass(frozen=True)
class Limits:
    """CPUs, memory and disk of an instance, and what the flavour would have."""

    hardware: str
    cpus: int
    memory: int  # bytes
    disk: int  # bytes that an instance may write to its own layer
    bound_at: int | None = None  # bytes at which the engine bounds that layer too
    notes: tuple[str, ...] = ()  # in which way this is not the flavour

    @classmethod
    def of(
        cls,
        hardware: str,
        engine: Mapping[str, Any],
        *,
        memory_gb: float | None = None,
        disk_gb: float | None = None,
    ) -> Self:
        """Return the flavour's, capped to what the engine has (`docker info`): it refuses more CPUs.

        `memory_gb` and `disk_gb` ask for less than the flavour has.
        """
        flavor = platform.flavor(hardware)
        wanted = int((memory_gb or flavor.memory_gb) * _GIB)
        return cls(
            hardware,
            min(flavor.cpus, int(engine["NCPU"])),
            min(wanted, int(engine["MemTotal"])),
            int((disk_gb or flavor.disk_gb) * _GB),
            notes=tuple(_notes(hardware, engine, memory_gb, disk_gb)),
        )

    def bound(self, client: DockerClient, image: str, run: OpenRun) -> Limits:
        """Return limits of which the engine bounds the disk too, where it can: tried once, nothing starts."""
        found = client.info()
        if not _may_bound(found):
            why = f"{found.get('Driver')} on {_filesystem(found)} bounds no container's own layer"
            return replace(self, notes=(*self.notes, f"the disk is watched, not bounded: {why}"))
        bounded = replace(self, bound_at=self._bound_at(client, image, found))
        try:
            client.containers.create(
                image,
                _NEVER_STARTED,
                name=run.name("bound"),
                storage_opt=bounded.options()["storage_opt"],
                **confined(run),
            ).remove()
        except APIError as error:
            why = str(error.explanation or error)
            return replace(self, notes=(*self.notes, f"the disk is watched, not bounded: {why}"))
        return bounded

    def options(self) -> dict[str, Any]:
        """Return the engine's options; without swap, since on the platform a Space out of memory ends."""
        options: dict[str, Any] = {
            "nano_cpus": self.cpus * 10**9,
            "mem_limit": self.memory,
            "memswap_limit": self.memory,
        }
        return {**options, "storage_opt": {"size": str(self.bound_at)}} if self.bound_at else options

    def _bound_at(self, client: DockerClient, image: str, engine: Mapping[str, Any]) -> int:
        """Return a bound a little above the limit, since the platform ends who passes it.

        At the limit itself writes would fail instead, and nothing would be seen to pass it. A subvolume of
        btrfs counts what it shares with its image too, in blocks.
        """
        shared = int(client.images.get(image).attrs["Size"]) if engine.get("Driver") == "btrfs" else 0
        return self.disk + self.disk // 20 + shared + shared // 4

    @property
    def memory_text(self) -> str:
        """What the platform says of a Space that used more memory."""
        return platform.OOM_TEXT.value.format(memory=f"{self.memory / _GIB:.3g}")

    @property
    def disk_text(self) -> str:
        """What the platform says of a Space that used more disk."""
        return platform.DISK_TEXT.value.format(disk=f"{self.disk / _GB:.3g}")

    def header(self) -> Iterator[str]:
        yield (
            f"hardware {self.hardware}: {self.cpus} vCPU, {self.memory / _GIB:.3g} GiB, "
            f"{self.disk / _GB:.3g} GB disk"
        )
        yield from self.notes
        if not self.hardware.startswith("cpu-"):
            yield "the flavour's GPU is not here"


def _notes(
    hardware: str, engine: Mapping[str, Any], memory_gb: float | None, disk_gb: float | None
) -> Iterator[str]:
    flavor = platform.flavor(hardware)
    if hardware not in platform.HARDWARE.value:
        yield f"the resources of {hardware} are not known here: it has those of this engine"
    elif (
        int(engine["NCPU"]) < flavor.cpus or int(engine["MemTotal"]) < (memory_gb or flavor.memory_gb) * _GIB
    ):
        yield f"the flavour has {flavor.cpus} vCPU and {flavor.memory_gb} GiB, more than this engine"
    if memory_gb:
        yield f"the manifest asks for {memory_gb:.3g} GiB of memory; the flavour has {flavor.memory_gb} GiB"
    if disk_gb:
        yield f"the manifest asks for {disk_gb:.3g} GB of disk; the flavour has {flavor.disk_gb} GB"
    if engine.get("MemoryLimit") is False:
        yield "this engine limits no memory"
    elif engine.get("SwapLimit") is False:
        yield "this engine limits no swap: a Space out of memory may go on"


def _may_bound(engine: Mapping[str, Any]) -> bool:
    driver = engine.get("Driver")
    return driver in _BOUNDING or (driver == "overlay2" and _filesystem(engine) == "xfs")


def _filesystem(engine: Mapping[str, Any]) -> str:
    status: dict[str, Any] = dict(engine.get("DriverStatus") or ())
    return str(status.get("Backing Filesystem", "a filesystem unknown"))
