"""A Space needs no more memory and disk than its hardware has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.instance import Usage
from spacedock.evidence.base import Evidence, NotReady
from spacedock.evidence.boots import Booted
from spacedock.evidence.hardware import InstanceUsage, UsedByAll
from spacedock.space import Space

_GIB = 2**30


class FitsItsHardware(Promise):
    """No boot, and nothing that a check asked of one, went over a limit: in whichever of its processes."""

    title = "it fits the memory and the disk of its hardware"
    reason = "A model that is loaded once a worker, or a cache that only grows, fits every laptop."
    consequence = (
        f"`{platform.OOM_TEXT.value.format(memory=16)}`, exit code {platform.OOM_EXIT_CODE.value}; or "
        f"`{platform.DISK_TEXT.value.format(disk=50)}`."
    )
    remedy = (
        "one worker, a smaller model, no cache without a limit; or a larger flavour, which `hardware` in the "
        "manifest then names"
    )
    source = "spaces-overview, Hardware resources; incidents oom-16gi, disk-50g-evicted"
    since = "0.2"
    evidence: ClassVar = (Booted, UsedByAll)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """The boot as deployed, then what each instance of the run has used."""
        return (Booted(attempted=True), UsedByAll())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Tell each limit once, with the boots that went over it."""
        deployed = seen(Booted(attempted=True))
        memory = platform.flavor(space.manifest.space.hardware).memory_gb * _GIB
        over: dict[str, list[InstanceUsage]] = {}
        for used in seen(UsedByAll()):
            for text in _over(used.usage, memory):
                over.setdefault(text, []).append(used)
        for text, concerned in over.items():
            boots = ", ".join(dict.fromkeys(used.purpose for used in concerned))
            yield self.problem(f"{text} ({boots})", log=concerned[0].log)
        if not over and not deployed.result.ready:
            raise NotReady(deployed)


def _over(usage: Usage, memory: int) -> Iterator[str]:
    """Yield what an instance went over; `memory` is the flavour's, in bytes."""
    for text in usage.exceeded:
        yield text + _less_here(usage, memory)
    if (usage.peak_memory or 0) > memory:
        used = (usage.peak_memory or 0) / _GIB
        yield f"it used {used:.3g} GiB of memory; its hardware has {memory / _GIB:.3g} GiB"


def _less_here(usage: Usage, memory: int) -> str:
    if usage.memory_limit is None or usage.memory_limit >= memory:
        return ""
    here, there = usage.memory_limit / _GIB, memory / _GIB
    return f"; here it had {here:.3g} GiB, less than the {there:.3g} GiB of its hardware"
