"""Brings the condition of a failure to somebody's own Space, and tells how it takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from spacedock import platform
from spacedock.contract.base import AS_DEPLOYED
from spacedock.contract.berths import Berths
from spacedock.contract.evidence.asking import Answer, send
from spacedock.contract.promises.names_missing_secrets import orders_without_secrets
from spacedock.docks.base import Berth, Capability, Order, Usage
from spacedock.edge.base import Manner
from spacedock.errors import UsageError
from spacedock.failures.base import Condition
from spacedock.services.faults.fault import Fault, Kind
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
    """A berth under a condition: how it was brought about, and what callers are told."""

    how: str
    berth: Berth
    answers: tuple[str, ...]


def meetings(condition: Condition, space: Space, berths: Berths) -> Iterator[Meeting]:
    """Yield each berth while the condition holds for it; it ends when the next one is asked for.

    Raises UsageError where the Space gives the condition nothing, or the dock cannot bring it about.
    """
    if condition in _FAULTS:
        yield from _with_faults(_FAULTS[condition], space, berths)
    else:
        yield from _WAYS[condition](space, berths)


def _as_deployed(space: Space, berths: Berths) -> Iterator[Meeting]:
    berth = berths.attempt(AS_DEPLOYED)
    yield Meeting("as deployed", berth, _answers(space, berth))


def _without_secrets(space: Space, berths: Berths) -> Iterator[Meeting]:
    _require(bool(space.manifest.required_secrets), "the manifest names no required secret to withhold")
    for order in orders_without_secrets(space):
        berth = berths.attempt(order)
        yield Meeting(order.purpose, berth, _answers(space, berth))


def _with_pasted_secrets(space: Space, berths: Berths) -> Iterator[Meeting]:
    _require(bool(space.manifest.secrets), "the manifest names no secret")
    given = berths.attempt(AS_DEPLOYED).environment
    pasted = tuple((name, f"{given[name]}\n") for name in space.manifest.secrets if name in given)
    berth = berths.attempt(Order("with secrets as they are pasted", environment=pasted))
    yield Meeting("each secret ends in a line break", berth, _answers(space, berth))


def _with_faults(kind: Kind, space: Space, berths: Berths) -> Iterator[Meeting]:
    """Let it run on services that are well, and then break them."""
    _require(bool(space.manifest.services), "the manifest names no service")
    fault = Fault(kind, _WAKING if kind == "cold" else 0.0)
    with berths.dock.faults() as faults:
        order = Order("with services that can be broken", environment=faults.environment)
        with closing(berths.attempt(order)) as berth:
            _answers(space, berth)  # so that it has connections
            for service in space.manifest.services:
                faults.break_(service, fault)
            yield Meeting(f"every service: {kind}", berth, _answers(space, berth))


def _asleep(space: Space, berths: Berths) -> Iterator[Meeting]:
    _require(Capability.EDGE in berths.dock.capabilities, f"the {berths.dock.name} dock has no edge")
    berth = berths.ready(AS_DEPLOYED)
    edge = berth.edge()
    berth.stop(platform.STOP_GRACE_SECONDS.value)
    path = space.manifest.space.ready
    with edge.client(Manner.OBSERVED) as client:
        answer = client.get(path)
    said = Answer(Request(path=path), answer.status_code, " ".join(answer.text.split()), answer.headers)
    yield Meeting("asleep, and called through the edge", berth, (str(said),))


_WAYS: dict[Condition, Callable[[Space, Berths], Iterator[Meeting]]] = {
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


def _answers(space: Space, berth: Berth) -> tuple[str, ...]:
    """Return what callers of the ready path and of the manifest's requests are told."""
    if not berth.boot.ready:
        return ()
    requests = (Request(path=space.manifest.space.ready), *space.manifest.requests)
    return tuple(str(send(berth, request)) for request in requests)
