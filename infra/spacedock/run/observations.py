"""What breaks no promise and a reader of the verdict should know all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from spacedock import platform
from spacedock.contract.finding import redact
from spacedock.docks.boots import AS_DEPLOYED, BootResult, BootSpec
from spacedock.docks.instance import Denial, FullInstance, Usage
from spacedock.evidence.addresses import Address, addresses
from spacedock.evidence.image import ImageIdentity
from spacedock.evidence.kept import databases
from spacedock.evidence.lives import Stopped
from spacedock.platform import USER_ID
from spacedock.run.loop import Run
from spacedock.space import Space
from spacedock.space.git import repository_of
from spacedock.space.hints import build_hints

T = TypeVar("T")

_MIB = 2**20
_GIB = 2**30
_GB = 10**9
_AT_ONCE = 4  # instances that are looked at


@dataclass(frozen=True)
class _LookedAt:
    """What an instance shows of itself, also once it has ended."""

    spec: BootSpec
    boot: BootResult
    usage: Usage
    denials: tuple[Denial, ...]
    changes: tuple[str, ...]  # of one as deployed


def observations(space: Space, run: Run) -> tuple[str, ...]:
    """Return what of the Space is not emulated, and what its instances used and were denied. Never raises.

    Of a run without a dock it tells what files do.
    """
    instances = _looked_at(run.gathering.every_instance())
    parts: tuple[Callable[[], Iterable[str]], ...] = (
        space.not_emulated,
        partial(_repository, space),
        partial(build_hints, space),
        partial(_name, space),
        partial(_dockerfile, space),
        partial(_ports, space),
        partial(_usage, instances),
        partial(_identity, run),
        partial(_life, run, instances),
        partial(_denials, instances),
    )
    canaries = run.dock.canaries if run.dock else {}
    return tuple(redact(line, canaries) for part in parts for line in _or_nothing(_lines, part) or ())


def _looked_at(instances: tuple[FullInstance, ...]) -> tuple[_LookedAt, ...]:
    """Look at all of them side by side."""
    with ThreadPoolExecutor(_AT_ONCE, "look") as pool:
        return tuple(pool.map(_look_at, instances))


def _look_at(instance: FullInstance) -> _LookedAt:
    """Look at one; what is gone tells nothing, and costs nothing."""
    deployed = instance.spec == AS_DEPLOYED and instance.boot.ready
    return _LookedAt(
        instance.spec,
        instance.boot,
        _or_nothing(instance.usage) or Usage(),
        _or_nothing(instance.denials) or (),
        (_or_nothing(instance.changes) or ()) if deployed else (),
    )


def _or_nothing(look: Callable[..., T], *arguments: object) -> T | None:
    with suppress(Exception):
        return look(*arguments)
    return None


def _lines(part: Callable[[], Iterable[str]]) -> tuple[str, ...]:
    return tuple(part())


def _repository(space: Space) -> Iterator[str]:
    if repository_of(space.root) is None:
        yield "it is in no git repository: every file of the folder is taken to be pushed, ignored or not"


def _dockerfile(space: Space) -> Iterator[str]:
    named = space.manifest.space.dockerfile
    if named and space.dockerfile.path.resolve() != (space.root / "Dockerfile").resolve():
        yield (
            f"the manifest takes {named} for the Dockerfile; Hugging Face builds the one at the root of what "
            "is pushed, so that a workflow must copy it there"
        )


def _name(space: Space) -> Iterator[str]:
    if platform.has_long_name(space.manifest.space.id):
        yield (
            f"OWNER-NAME of {space.manifest.space.id} has more than {platform.LONG_NAMES.value} characters: "
            f"the platform shortens it, and how is not known; here its host is {space.host}"
        )


def _ports(space: Space) -> Iterator[str]:
    """Yield the secrets and variables that point at ports which are closed, or said to be."""
    if space.app_port < platform.FIRST_OPEN_PORT.value:
        yield (
            f"app_port {space.app_port} is below {platform.FIRST_OPEN_PORT.value}: Docker lets uid 1000 "
            "listen there, Kubernetes by default does not (`13: Permission denied`), and nobody wrote which "
            "of the two the platform does; a port above is safe"
        )
    for address in addresses(space):
        if address.closed_by_the_documentation:
            yield f"{address}, {_openness(address)}"


def _openness(address: Address) -> str:
    if address.closed_by_all_accounts:
        return "which is closed on the platform"
    if address.port in platform.EGRESS_SEEN_OPEN_PORTS.value:
        other = "was seen open, or opened by staff"
    else:
        other = "of which nobody wrote whether it is"
    return f"which the documentation closes and {other}; `--egress documented` shows what would come of it"


def _usage(instances: Iterable[_LookedAt]) -> Iterator[str]:
    used = [(instance.spec.purpose, instance.usage) for instance in instances]
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


def _identity(run: Run) -> Iterator[str]:
    identity = run.gathering.look(ImageIdentity()) if run.dock else None
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


def _life(run: Run, instances: Iterable[_LookedAt]) -> Iterator[str]:
    deployed = [instance for instance in instances if instance.spec == AS_DEPLOYED and instance.boot.ready]
    slowest = max((instance.boot for instance in deployed), key=lambda boot: boot.seconds, default=None)
    if slowest and slowest.seconds > slowest.window.here / 2:
        yield (f"it took {slowest.seconds:.0f} s to start, more than half of its window of {slowest.window}")
    if ended := run.gathering.gathered(Stopped()):
        yield str(ended)
    if kept := databases(path for instance in deployed for path in instance.changes):
        yield f"kept on its own disk, which every restart, sleep and push wipes: {', '.join(kept)}"


def _denials(instances: Iterable[_LookedAt]) -> Iterator[str]:
    every = (denial for instance in instances for denial in instance.denials)
    yield from (f"it tried {denial}" for denial in dict.fromkeys(every))
