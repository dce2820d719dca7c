"""What breaks no promise and a reader of the verdict should know all the same."""

from __future__ import annotations

from collections.abc import Iterator

from spacedock import platform
from spacedock.contract.evidence.lives import seen_ending
from spacedock.contract.instances import Instances
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import Usage
from spacedock.evidence.addresses import Address, addresses
from spacedock.evidence.kept import databases
from spacedock.platform import USER_ID
from spacedock.space import Space
from spacedock.space.hints import build_hints

_MIB = 2**20
_GIB = 2**30
_GB = 10**9


def observations(space: Space, instances: Instances) -> tuple[str, ...]:
    """Return what of the Space is not emulated, and what its instances used and were denied."""
    return (
        *space.not_emulated(),
        *build_hints(space),
        *_ports(space),
        *_usage(instances),
        *_identity(instances.dock),
        *_life(instances),
        *_denials(instances),
    )


def _ports(space: Space) -> Iterator[str]:
    """Yield the secrets and variables that point at ports which are closed, or said to be."""
    for address in addresses(space):
        if address.closed_by_the_documentation:
            yield f"{address}, {_openness(address)}"


def _openness(address: Address) -> str:
    if address.closed_by_all_accounts:
        return "which is closed on the platform"
    if address.port in platform.EGRESS_SEEN_OPEN_PORTS.value:
        other = "was seen open"
    else:
        other = "of which nobody wrote whether it is"
    return f"which the documentation closes and {other}; `--egress documented` shows what would come of it"


def _usage(instances: Instances) -> Iterator[str]:
    used = [
        (instance.spec.purpose, usage)
        for instance, usage in instances.each(lambda instance: instance.usage())
    ]
    purpose, most = max(used, key=lambda item: item[1].peak_memory or 0, default=("", Usage()))
    if most.peak_memory:
        limit = f" of {most.memory_limit / _GIB:.3g} GiB" if most.memory_limit else ""
        yield f"peak memory {most.peak_memory / _MIB:.0f} MiB{limit} ({purpose})"
    purpose, most = max(used, key=lambda item: item[1].written or 0, default=("", Usage()))
    if most.written:
        limit = f" of {most.disk_limit / _GB:.3g} GB" if most.disk_limit else ""
        yield (
            f"written to the container's own layer: {most.written / _MIB:.1f} MiB{limit} ({purpose}), "
            "lost at every restart"
        )


def _identity(dock: OpenDock) -> Iterator[str]:
    identity = dock.image_identity()
    if identity is None:
        return
    if identity.user != USER_ID.value:
        yield (
            f"its image's own user is not uid {USER_ID.value} ({identity}); the platform was seen giving both"
        )
    if not identity.in_passwd:
        yield (
            f"uid {USER_ID.value} has no entry in the image's passwd: HOME is / unless ENV sets it, and "
            "`whoami` fails"
        )
    if not identity.writes_workdir:
        yield f"uid {USER_ID.value} may not write in WORKDIR {identity.workdir}: relative paths are read only"


def _life(instances: Instances) -> Iterator[str]:
    deployed = [
        instance for instance in instances.booted() if instance.spec == AS_DEPLOYED and instance.boot.ready
    ]
    for instance in deployed:
        if instance.boot.seconds > instance.boot.window.here / 2:
            yield (
                f"it took {instance.boot.seconds:.0f} s to start, more than half of its window of "
                f"{instance.boot.window}"
            )
    if ended := seen_ending(instances):
        yield str(ended)
    if kept := databases(path for instance in deployed for path in instance.changes()):
        yield f"kept on its own disk, which every restart, sleep and push wipes: {', '.join(kept)}"


def _denials(instances: Instances) -> Iterator[str]:
    every = (
        denial for _, denials in instances.each(lambda instance: instance.denials()) for denial in denials
    )
    yield from (f"it tried {denial}" for denial in dict.fromkeys(every))
