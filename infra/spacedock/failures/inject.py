"""Brings the condition of a failure to somebody's own Space, and tells how it takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from spacedock import platform
from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.instance import FullInstance, Usage
from spacedock.edge.base import Manner
from spacedock.errors import UsageError
from spacedock.evidence.asking import through
from spacedock.evidence.away import ready_of_its_own
from spacedock.evidence.boots import here
from spacedock.evidence.pasted import with_line_breaks
from spacedock.evidence.requests import sent
from spacedock.evidence.secrets import specs_without_secrets
from spacedock.evidence.waking import Woken
from spacedock.failures.base import Condition
from spacedock.run.gathering import Gathering
from spacedock.run.loop import Run
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


def meetings(condition: Condition, run: Run) -> Iterator[Meeting]:
    """Yield each instance while the condition holds for it; it ends when the next one is asked for.

    Raises UsageError where the Space gives the condition nothing, or the dock cannot bring it about.
    """
    run.enter()
    if condition in _FAULTS:
        yield from _with_faults(_FAULTS[condition], run.gathering)
    else:
        yield from _WAYS[condition](run.gathering)


def _as_deployed(around: Gathering) -> Iterator[Meeting]:
    instance = around.attempt(AS_DEPLOYED)
    yield Meeting("as deployed", instance, _answers(around.space, instance))


def _without_secrets(around: Gathering) -> Iterator[Meeting]:
    space = around.space
    _require(bool(space.manifest.required_secrets), "the manifest names no required secret to withhold")
    for spec in specs_without_secrets(space):
        with around.own(spec) as instance:
            yield Meeting(spec.purpose, instance, _answers(space, instance))


def _with_pasted_secrets(around: Gathering) -> Iterator[Meeting]:
    _require(bool(around.space.manifest.secrets), "the manifest names no secret")
    with around.own(with_line_breaks(around.space, around.attempt(AS_DEPLOYED))) as instance:
        yield Meeting("each secret ends in a line break", instance, _answers(around.space, instance))


def _with_faults(kind: Kind, around: Gathering) -> Iterator[Meeting]:
    """Let it run on services that are well, and then break them."""
    services = around.space.manifest.services
    _require(bool(services), "the manifest names no service")
    fault = NetworkFault(kind, _WAKING if kind == "cold" else 0.0)
    with around.dock.faults() as faults:
        spec = BootSpec("with services that can be broken", environment=faults.environment)
        with around.own(spec) as instance:
            _answers(around.space, instance)  # so that it has connections
            for service in services:
                faults.break_(service, fault)
            yield Meeting(f"every service: {kind}", instance, _answers(around.space, instance))


def _asleep(around: Gathering) -> Iterator[Meeting]:
    _require(around.can_show(Woken), f"the {around.dock.name} dock has no edge")
    with ready_of_its_own(around, AS_DEPLOYED) as instance:
        edge = instance.edge()
        instance.stop(platform.STOP_GRACE_SECONDS.value)
        with through(edge, Manner.OBSERVED) as asker:
            reply = asker.ask("GET", around.space.manifest.space.ready)
        yield Meeting("asleep, and called through the edge", instance, (str(reply),))


_WAYS: dict[Condition, Callable[[Gathering], Iterator[Meeting]]] = {
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
    with here(instance) as asker:
        return tuple(str(reply) for reply in sent(asker, requests, instance.environment))
