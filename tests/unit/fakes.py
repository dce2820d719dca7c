"""A dock and instances that do what a test says, without a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self

from spacedock.docks.boots import BootResult, BootSpec, Cause, Listener
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import AS_OBSERVED, Conditions
from spacedock.docks.image_facts import FileInspector, Identity, ImageAdditions, Sighting
from spacedock.docks.instance import Denial, Execution, Process, Stop, Usage
from spacedock.edge.base import Edge
from spacedock.services.base import Service
from spacedock.services.faults.network import NetworkFaults

NOTHING_MADE = ImageAdditions({}, {}, (), ())
AS_ROOT = Identity()
READY = BootResult(seconds=0.5, port=8080)


def exited(code: int) -> BootResult:
    return BootResult(seconds=0.3, port=8080, cause=Cause.EXITED, exit_code=code)


def listening(cause: Cause, address: str, port: int) -> BootResult:
    return BootResult(seconds=2.0, port=8080, cause=cause, listeners=(Listener(address, port),))


@dataclass
class FakeInstance:
    spec: BootSpec = field(default_factory=BootSpec)
    boot: BootResult = READY
    log: str = ""
    url: str = "http://space.test"
    environment: Mapping[str, str] = field(default_factory=dict)
    user: int | None = 1000
    stopped: Stop = field(default_factory=lambda: Stop(seconds=0.1, exit_code=0, killed=False))
    closed: bool = False
    used: Usage = field(default_factory=Usage)
    changed: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    running: tuple[Process, ...] = ()
    denied: tuple[Denial, ...] = ()
    in_front: Edge | None = None
    gone: bool = False  # after it was ready
    shell: str = "docker exec -it 4711 sh"

    def logs(self) -> str:
        return self.log

    def follow(self) -> Iterator[str]:
        yield from self.log.splitlines()

    def ended(self, within: float) -> bool:
        return not self.alive()

    def alive(self) -> bool:
        return self.boot.cause is not Cause.EXITED and not self.closed and not self.gone

    def exit_code(self) -> int | None:
        if self.boot.cause is Cause.EXITED:
            return self.boot.exit_code
        return self.stopped.exit_code if self.gone else None

    def out_of_memory(self) -> bool:
        return self.boot.out_of_memory

    def identity(self) -> int | None:
        return self.user

    def usage(self) -> Usage:
        return self.used

    def processes(self) -> tuple[Process, ...]:
        return self.running

    def changes(self) -> tuple[str, ...]:
        return self.changed

    def forbidden(self) -> tuple[str, ...]:
        return self.barred

    def denials(self) -> tuple[Denial, ...]:
        return self.denied

    def edge(self) -> Edge:
        if self.in_front is None:
            raise NotImplementedError("the test gave this instance no edge")
        return self.in_front

    def execute(self, *command: str) -> Execution:
        return Execution(0, " ".join(command))

    def stop(self, grace: float, meanwhile: Callable[[], None] | None = None) -> Stop:
        self.gone = True
        if meanwhile:
            meanwhile()
        return self.stopped

    def close(self) -> None:
        self.closed = True


class FakeDock:
    """Gives the instance that a test prepared for an order's purpose, else one that is ready."""

    name = "fake"
    header = ("a dock of pretence",)
    not_carried_out: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        capabilities: frozenset[Capability] = frozenset(Capability),
        shares_ports: bool = False,
        canaries: Mapping[str, tuple[str, ...]] | None = None,
        conditions: Conditions = AS_OBSERVED,
        made: ImageAdditions = NOTHING_MADE,
        image_user: Identity | None = AS_ROOT,
        layers: Mapping[str, Mapping[str, bytes]] = MappingProxyType({}),
        otherwise: FakeInstance | None = None,
        **instances: FakeInstance,
    ) -> None:
        self.capabilities = capabilities
        self.shares_ports = shares_ports
        self.conditions = conditions
        self.canaries = canaries or {}
        self.services: Mapping[str, Service] = {}
        self.model: Any = None  # what a test puts in the place of OpenAI's faults
        self.booted: list[BootSpec] = []
        self._made = made
        self._image_user = image_user
        self._layers = layers
        self._otherwise = otherwise or FakeInstance()
        self._instances = {name.replace("_", " "): instance for name, instance in instances.items()}

    def when(self, purpose: str, instance: FakeInstance) -> Self:
        self._instances[purpose] = instance
        return self

    def boot(self, spec: BootSpec) -> FakeInstance:
        self.booted.append(spec)
        return replace(self._instances.get(spec.purpose, self._otherwise), spec=spec)

    def start(self, service: str) -> Service:
        return self.services[service]

    def image_identity(self) -> Identity | None:
        return self._image_user

    def made(self) -> ImageAdditions:
        return self._made

    def search(self, look: FileInspector, rules: str) -> Future[tuple[Sighting, ...]]:
        """Look into the files that the test gave, by instruction and path."""
        found: Future[tuple[Sighting, ...]] = Future()
        sightings = (
            Sighting(what, path, step)
            for step, files in self._layers.items()
            for path, content in files.items()
            for what in look(path, iter([content]))
        )
        found.set_result(tuple(sightings))
        return found

    def model_bay(self, _name: str) -> tuple[Any, tuple[tuple[str, str], ...]]:
        """The faults that a test gave, for whichever bay."""
        return self.model, ()

    def faults(self) -> AbstractContextManager[NetworkFaults]:
        raise NotImplementedError("nothing runs here that could be broken")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None: ...
