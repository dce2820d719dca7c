"""What a Space does while services are away: each hangs in turn, and a boot meets those that refuse."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.evidence.asking import Asker, AskLimits
from spacedock.evidence.base import Evidence, NotReady, Surroundings
from spacedock.evidence.boots import BootFacts, asking, facts_of
from spacedock.services.faults.fault import NetworkFault

# The default limits of drivers and HTTP clients are either up to 10 s or minutes, if there are any (libpq:
# none); who asks for the state of a Space, from monitors to a page that wakes it, gives up after 10 to 30 s.
BUDGET = 10.0  # seconds
_PAUSE = 0.05  # seconds between two questions
_LIMITS = AskLimits(seconds=BUDGET)


@dataclass(frozen=True)
class Hang:
    """How the ready path was answered before, while and after one service hung; None where it was not."""

    service: str
    before: int | None
    meanwhile: int | None
    after: int | None  # once it came to the status of before, else the last within the budget
    log_meanwhile: str
    log_after: str


@dataclass(frozen=True)
class AwayServices(Evidence[tuple[Hang, ...]]):
    """Each service hangs in turn under an instance that runs."""

    needs: ClassVar = frozenset({Capability.BOOT, Capability.VARY, Capability.SERVICES})
    disturbs: ClassVar = True

    def gather(self, around: Surroundings) -> tuple[Hang, ...]:
        """Boot behind proxies and break what is behind them."""
        space = around.space
        with around.dock.faults() as faults:
            spec = BootSpec("with services that can be broken", environment=faults.environment)
            with ready_of_its_own(around, spec) as instance, asking(instance) as asker:
                path = space.manifest.space.ready
                hangs = []
                for service in space.manifest.services:
                    before = _status(asker, path)
                    with faults.broken(service, NetworkFault("hang")):
                        meanwhile = _status(asker, path)
                    log = instance.logs()
                    after = _settled(instance, asker, path, before)
                    hangs.append(Hang(service, before, meanwhile, after, log, instance.logs()))
        return tuple(hangs)


@dataclass(frozen=True)
class BootedWhileRefused(Evidence[BootFacts]):
    """A boot while every service refuses connections: it may fail for that."""

    needs: ClassVar = AwayServices.needs
    disturbs: ClassVar = True

    def gather(self, around: Surroundings) -> BootFacts:
        """Break them all, then boot."""
        with around.dock.faults() as faults:
            for service in around.space.manifest.services:
                faults.break_(service, NetworkFault("refuse"))
            spec = BootSpec("while every service refuses", environment=faults.environment)
            with around.own(spec) as instance:
                return facts_of(instance)


@contextmanager
def ready_of_its_own(around: Surroundings, spec: BootSpec) -> Iterator[FullInstance]:
    """Boot an instance that nobody else meets. Raises NotReady unless it answers."""
    with around.own(spec) as instance:
        if not instance.boot.ready:
            raise NotReady(facts_of(instance))
        yield instance


def _status(asker: Asker, path: str) -> int | None:
    return asker.head_only("GET", path, limits=_LIMITS).status


def _settled(instance: FullInstance, asker: Asker, path: str, wanted: int | None) -> int | None:
    """Ask until it answers as before, within the budget; return the last status."""
    if wanted is None:
        return None
    patience_ends = time.monotonic() + BUDGET
    while (status := _status(asker, path)) != wanted:
        if time.monotonic() > patience_ends or not instance.alive():
            break
        time.sleep(_PAUSE)
    return status
