"""A Space needs no more memory and disk than its hardware has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import httpx

from spacedock import platform
from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance, Usage
from spacedock.evidence.base import NotReady
from spacedock.space import Space

_GIB = 2**30
_TIMEOUT_SECONDS = 30.0


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
    needs = frozenset({Capability.LIMITS, Capability.DISK})
    last = True

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Ask what every visitor asks, then look at what each instance of the run has used."""
        first = instances.attempt(AS_DEPLOYED)
        if first.boot.ready:
            _visit(space, first)
        memory = platform.HARDWARE.value[space.manifest.space.hardware].memory_gb * _GIB
        over: dict[str, list[FullInstance]] = {}
        for instance, usage in instances.each(lambda instance: instance.usage()):
            for text in _over(usage, memory):
                over.setdefault(text, []).append(instance)
        for text, concerned in over.items():
            boots = ", ".join(dict.fromkeys(instance.spec.purpose for instance in concerned))
            yield self.problem(f"{text} ({boots})", instance=concerned[0])
        if not over and not first.boot.ready:
            raise NotReady(first)


def _visit(space: Space, instance: FullInstance) -> None:
    with (
        suppress(httpx.HTTPError),  # it may end by what it is asked: then the limits tell
        httpx.Client(base_url=instance.url, timeout=_TIMEOUT_SECONDS, trust_env=False) as client,
    ):
        for path in dict.fromkeys(("/", space.manifest.space.ready)):
            client.get(path)


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
