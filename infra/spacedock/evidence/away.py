"""What a Space does while services are away: each hangs in turn, and a boot meets those that refuse."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote

from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.evidence.asking import Asker, AskLimits, headers_of
from spacedock.evidence.base import Evidence, NotReady, Surroundings
from spacedock.evidence.boots import BootFacts, facts_of, here, require_boot
from spacedock.services.faults.fault import NetworkFault
from spacedock.space import Space

if TYPE_CHECKING:
    from spacedock.services.faults.network import (
        NetworkFaults,
        Rebuff,
    )  # needs testcontainers, slow to import

# The default limits of drivers and HTTP clients are either up to 10 s or minutes, if there are any (libpq:
# none); who asks for the state of a Space, from monitors to a page that wakes it, gives up after 10 to 30 s.
BUDGET = 10.0  # seconds
_DATABASES = ("postgres", "pgbouncer")
_PAUSE = 0.05  # seconds between two questions
_UNAUTHORIZED = frozenset({401, 403})
_NOT_FOUND = 404
_QUESTIONS = frozenset({"GET", "HEAD"})
_COLLECTION = re.compile(r"/collections/([^/]+)(?:/|$)")  # of Qdrant


@dataclass(frozen=True)
class Hang:
    """How the ready path was answered before, while and after one service hung; None where it was not."""

    service: str
    budget: float  # seconds that each answer, and getting well again, could take
    before: int | None
    meanwhile: int | None
    after: int | None  # once it came to the status of before, else the last within the budget
    log_meanwhile: str
    log_after: str


@dataclass(frozen=True)
class Away:
    """What was seen of an instance whose services can be watched and broken."""

    hangs: tuple[Hang, ...]
    rebuffs: tuple[str, ...]  # what its services refused it before that, in words
    log: str  # of it, by then


@dataclass(frozen=True)
class AwayServices(Evidence[Away]):
    """Each service hangs in turn under an instance that runs.

    It is asked the manifest's requests first, unless one that sees its database nap is asked them anyway.
    """

    needs: ClassVar = frozenset({Capability.BOOT, Capability.VARY, Capability.SERVICES})
    disturbs: ClassVar = True

    def gather(self, around: Surroundings) -> Away:
        """Boot behind proxies, look what passes there, and break what is behind them."""
        manifest = around.space.manifest
        with breakable(around, "with services that can be broken") as (faults, instance, asker):
            for request in manifest.requests if not databases(around.space) else ():
                asker.send(request, headers_of(request, instance.environment))
            rebuffs, log = rebuffs_of(faults, around.space, instance), instance.logs()
            ready = _ReadyPath(manifest.space.ready, instance, asker)
            return Away(tuple(ready.while_hangs(name, faults) for name in manifest.services), rebuffs, log)


def databases(space: Space) -> tuple[str, ...]:
    """Return the services of a Space that may nap."""
    return tuple(service for service in space.manifest.services if service in _DATABASES)


def rebuffs_of(faults: NetworkFaults, space: Space, instance: FullInstance) -> tuple[str, ...]:
    """Return what services have refused an instance behind these proxies, in words."""
    return tuple(
        f"{service} refused it: {rebuff}"
        for service in space.manifest.services
        for rebuff in faults.watch(service).refused
        if is_refusal(rebuff, instance.environment)
    )


def is_refusal(rebuff: Rebuff, values: Mapping[str, str]) -> bool:
    """Whether a service wanted nothing to do with the Space: who asks what is there may hear no.

    A collection is missing in a dock because nobody has filled it there, unless it has another name than
    the one in the Space's environment.
    """
    if rebuff.status in _UNAUTHORIZED:
        return True
    if rebuff.status != _NOT_FOUND or rebuff.method in _QUESTIONS:
        return False
    asked = _COLLECTION.match(rebuff.path)
    if asked is None:
        return True
    named = {value.strip() for name, value in values.items() if "COLLECTION" in name.upper()}
    return bool(named) and unquote(asked[1]) not in named


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
def breakable(around: Surroundings, purpose: str) -> Iterator[tuple[NetworkFaults, FullInstance, Asker]]:
    """Boot an instance behind proxies of its own, and ask it. Raises NotReady unless it comes up."""
    require_boot(around)
    with around.dock.faults() as faults:
        spec = BootSpec(purpose, environment=faults.environment)
        with in_a_bay(around, spec) as (instance, asker):
            yield faults, instance, asker


@contextmanager
def in_a_bay(around: Surroundings, spec: BootSpec) -> Iterator[tuple[FullInstance, Asker]]:
    """Boot an instance that nobody else meets, and ask it. Raises NotReady unless it comes up.

    That it ends once something is broken is an answer like any other: it is what is looked for.
    """
    with ready_of_its_own(around, spec) as instance, here(instance) as asker:
        yield instance, asker


@contextmanager
def ready_of_its_own(around: Surroundings, spec: BootSpec) -> Iterator[FullInstance]:
    """Boot an instance that nobody else meets. Raises NotReady unless it answers."""
    with around.own(spec) as instance:
        if not instance.boot.ready:
            raise NotReady(facts_of(instance))
        yield instance


@dataclass(frozen=True)
class _ReadyPath:
    """The path that tells whether an instance lives, and who asks it."""

    path: str
    instance: FullInstance
    asker: Asker

    def while_hangs(self, service: str, faults: NetworkFaults) -> Hang:
        before = self._status()
        with faults.broken(service, NetworkFault("hang")):
            meanwhile = self._status()
        log = self.instance.logs()
        after = None if before is None else self._settled(before)
        return Hang(service, BUDGET, before, meanwhile, after, log, self.instance.logs())

    def _status(self) -> int | None:
        return self.asker.head_only("GET", self.path, limits=AskLimits(seconds=BUDGET)).status

    def _settled(self, wanted: int) -> int | None:
        """Ask until it answers as before, within the budget; return the last status."""
        patience_ends = time.monotonic() + BUDGET
        while (status := self._status()) != wanted:
            if time.monotonic() > patience_ends or not self.instance.alive():
                break
            time.sleep(_PAUSE)
        return status
