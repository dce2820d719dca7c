"""Brings the condition of a failure to somebody's own Space, and tells how it takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from spacedock import platform
from spacedock.contract.evidence.asking import Answer, send
from spacedock.contract.instances import Instances
from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance, Usage
from spacedock.edge.base import Manner
from spacedock.errors import UsageError
from spacedock.evidence.secrets import specs_without_secrets
from spacedock.failures.base import Condition
from spacedock.services.faults.fault import Kind, NetworkFault
from spacedock.space import Space
from spacedock.space.manifest import Request

_WAKING = 5.0  # seconds: what a database of Neon's takes to wake, and more


_FAULTS: dict[Condition, Kind] = {
    Condition.SERVICES_REFUSE: "refuse",
    Condition.SERVICES_HANG: "hang",
    Condition.CONNECTIONS_CLOSED: "close",
    Condition.SERVICES_WAKE: "cold",
}


@dataclass(frozen=True)
class Meeting:
    """An instance under a condition: how it was brought about, and what callers are told."""

    how: str
    instance: FullInstance
    answers: tuple[str, ...]


def meetings(condition: Condition, space: Space, instances: Instances) -> Iterator[Meeting]:
    """Yield each instance while the condition holds for it; it ends when the next one is asked for.

    Raises UsageError where the Space gives the condition nothing, or the dock cannot bring it about.
    """
    if condition in _FAULTS:
        yield from _with_faults(_FAULTS[condition], space, instances)
    else:
        yield from _WAYS[condition](space, instances)


def _as_deployed(space: Space, instances: Instances) -> Iterator[Meeting]:
    instance = instances.attempt(AS_DEPLOYED)
    yield Meeting("as deployed", instance, _answers(space, instance))


def _without_secrets(space: Space, instances: Instances) -> Iterator[Meeting]:
    _require(bool(space.manifest.required_secrets), "the manifest names no required secret to withhold")
    for spec in specs_without_secrets(space):
        instance = instances.attempt(spec)
        yield Meeting(spec.purpose, instance, _answers(space, instance))


def _with_pasted_secrets(space: Space, instances: Instances) -> Iterator[Meeting]:
    _require(bool(space.manifest.secrets), "the manifest names no secret")
    given = instances.attempt(AS_DEPLOYED).environment
    pasted = tuple((name, f"{given[name]}\n") for name in space.manifest.secrets if name in given)
    instance = instances.attempt(BootSpec("with secrets as they are pasted", environment=pasted))
    yield Meeting("each secret ends in a line break", instance, _answers(space, instance))


def _with_faults(kind: Kind, space: Space, instances: Instances) -> Iterator[Meeting]:
    """Let it run on services that are well, and then break them."""
    _require(bool(space.manifest.services), "the manifest names no service")
    fault = NetworkFault(kind, _WAKING if kind == "cold" else 0.0)
    with instances.dock.faults() as faults:
        spec = BootSpec("with services that can be broken", environment=faults.environment)
        with closing(instances.attempt(spec)) as instance:
            _answers(space, instance)  # so that it has connections
            for service in space.manifest.services:
                faults.break_(service, fault)
            yield Meeting(f"every service: {kind}", instance, _answers(space, instance))


def _asleep(space: Space, instances: Instances) -> Iterator[Meeting]:
    _require(Capability.EDGE in instances.dock.capabilities, f"the {instances.dock.name} dock has no edge")
    instance = instances.ready(AS_DEPLOYED)
    edge = instance.edge()
    instance.stop(platform.STOP_GRACE_SECONDS.value)
    path = space.manifest.space.ready
    with edge.client(Manner.OBSERVED) as client:
        answer = client.get(path)
    said = Answer(Request(path=path), answer.status_code, " ".join(answer.text.split()), answer.headers)
    yield Meeting("asleep, and called through the edge", instance, (str(said),))


_WAYS: dict[Condition, Callable[[Space, Instances], Iterator[Meeting]]] = {
    Condition.AS_DEPLOYED: _as_deployed,
    Condition.LITTLE_MEMORY: _as_deployed,
    Condition.LITTLE_DISK: _as_deployed,
    Condition.SECRETS_WITHHELD: _without_secrets,
    Condition.SECRETS_PASTED: _with_pasted_secrets,
    Condition.ASLEEP: _asleep,
}


def with_less(condition: Condition, space: Space, used: Usage) -> Space:
    """Return the Space with half of what it was seen to use, where that is the condition; else as it is.

    Raises UsageError where its use was not seen.
    """
    if condition not in _SCARCE:
        return space
    key, unit, amount = _SCARCE[condition]
    seen = amount(used)
    _require(bool(seen), f"what it uses of its {key.partition('_')[0]} was not seen")
    less = space.manifest.dock.model_copy(update={key: (seen or 0) / 2 / unit})
    return replace(space, manifest=space.manifest.model_copy(update={"dock": less}))


_SCARCE: dict[Condition, tuple[str, int, Callable[[Usage], int | None]]] = {
    Condition.LITTLE_MEMORY: ("memory_gb", 2**30, lambda used: used.peak_memory),
    Condition.LITTLE_DISK: ("disk_gb", 10**9, lambda used: used.written),
}


def _require(given: bool, otherwise: str) -> None:
    if not given:
        raise UsageError(otherwise, remedy="reproduce the failure's own specimen: leave `--here` out")


def _answers(space: Space, instance: FullInstance) -> tuple[str, ...]:
    """Return what callers of the ready path and of the manifest's requests are told."""
    if not instance.boot.ready:
        return ()
    requests = (Request(path=space.manifest.space.ready), *space.manifest.requests)
    return tuple(str(send(instance, request)) for request in requests)
