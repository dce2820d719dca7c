"""Faults on the wire: a proxy in front of each service, which breaks and mends it while the Space runs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from testcontainers.core.container import DockerContainer

from spacedock.errors import SpacedockError, UsageError
from spacedock.images.workshop import DOUBLES
from spacedock.services.faults.control import CONTROL, SHOWN_IN, Control
from spacedock.services.faults.fault import NetworkFault
from spacedock.services.hosts.base import HostedService, http_refusal
from spacedock.services.hosts.child import DoubleHost
from spacedock.services.hosts.container import ContainerHost

if TYPE_CHECKING:
    from testcontainers.core.network import Network

    from spacedock.images.supply import Image, Supply
    from spacedock.runs import OpenRun
    from spacedock.services.base import Service

_MODULE = "faultproxy"
_FILE = DOUBLES / f"{_MODULE}.py"
_PORT = 9000  # of the control in its container
_MAY = ["NET_ADMIN", "NET_BIND_SERVICE"]  # to add addresses, and to listen at ports below 1024
_PAUSE = 0.01  # seconds between two looks


@dataclass(frozen=True)
class Rebuff:
    """What a service refused to whoever asked it by plain HTTP (4xx)."""

    method: str
    path: str
    status: int
    times: int = 1

    def __str__(self) -> str:
        often = f" ({self.times} times)" if self.times > 1 else ""
        return f"{self.method} {self.path} was answered {self.status}{often}"


@dataclass(frozen=True)
class Traffic:
    """What a proxy saw since its service was last broken or mended; `live` connections are those of now."""

    live: int
    accepted: int
    bytes_in: int  # from the Space
    bytes_out: int  # to the Space
    refused: tuple[Rebuff, ...] = ()


@dataclass(frozen=True)
class _Control:
    """The account of the proxies: whoever shows the run's token may ask them."""

    control: str = field(repr=False)
    name = "the fault proxy"
    canaries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def values(self, address: str) -> Mapping[str, str]:
        return {"address": address}

    def refusal(self, address: str) -> str | None:
        return http_refusal(address, "/services", {SHOWN_IN: self.control})


@dataclass(frozen=True)
class _Bay:
    """A set of proxies of one's own: where it is asked about, and where a Space reaches it."""

    control: Control
    path: str
    host: str
    ports: Mapping[str, int]


class NetworkFaults:
    """Breaks and mends services in one bay, which nobody else meets.

    `sources` are the names of the Space's environment with what they come from, as `postgres.url`.
    """

    def __init__(self, bay: _Bay, services: Mapping[str, Service], sources: Mapping[str, str]) -> None:
        self._bay = bay
        self._services = services
        self._sources = sources

    @property
    def environment(self) -> tuple[tuple[str, str], ...]:
        """For `BootSpec.environment`: what services supply, by way of their proxies."""
        told = {name: source.partition(".") for name, source in self._sources.items()}
        return tuple((name, self.values(service)[key]) for name, (service, _, key) in told.items())

    def values(self, service: str) -> Mapping[str, str]:
        """What the Space needs to reach a service by way of its proxy."""
        self._require(service)
        return self._services[service].values_at(f"{self._bay.host}:{self._bay.ports[service]}")

    def break_(self, service: str, fault: NetworkFault) -> None:
        """Put the fault in force, in place of the one before; it is when this returns."""
        self._require(service)
        order = {"fault": fault.kind, "seconds": fault.seconds}
        self._bay.control.ask("PUT", f"{self._bay.path}/services/{service}", order)

    def mend(self, service: str) -> None:
        """Let everything pass again, what hung included."""
        self.break_(service, NetworkFault("pass"))

    def mend_all(self) -> None:
        """Mend every service."""
        for service in self._services:
            self.mend(service)

    @contextmanager
    def broken(self, service: str, fault: NetworkFault) -> Iterator[None]:
        """Break the service, and mend it on leaving."""
        self.break_(service, fault)
        try:
            yield
        finally:
            self.mend(service)

    def watch(self, service: str) -> Traffic:
        """What goes through at this moment."""
        self._require(service)
        seen = self._bay.control.ask("GET", f"{self._bay.path}/services/{service}")
        refused = tuple(Rebuff(*each) for each in seen["refused"])
        return Traffic(seen["live"], seen["accepted"], seen["bytes_in"], seen["bytes_out"], refused)

    def wait(self, service: str, until: Callable[[Traffic], bool], timeout: float = 10.0) -> Traffic:
        """Watch until it has come to that. Raises TimeoutError with the last look after `timeout` seconds."""
        patience_ends = time.monotonic() + timeout
        while not until(seen := self.watch(service)):
            if time.monotonic() > patience_ends:
                raise TimeoutError(f"{service}: {seen}")
            time.sleep(_PAUSE)
        return seen

    def _require(self, service: str) -> None:
        if service not in self._services:
            known = ", ".join(sorted(self._services)) or "none"
            raise UsageError(f"no service `{service}` runs beside the Space", remedy=f"use one of: {known}")


class FaultProxies:
    """The proxies of a run: one process for all bays, started when the first is asked for.

    Where they can have addresses of their own, each service of a bay is offered at its usual port, since what
    a Space may connect to goes by ports. Elsewhere bays have free ports of one address: then a Space whose
    egress is limited by ports may not reach them. `close` ends all.
    """

    def __init__(self, make: Callable[[], HostedService]) -> None:
        self._make = make
        self._host: HostedService | None = None  # nobody has asked yet
        self._starting = Lock()
        self._stack = ExitStack()

    @contextmanager
    def bay(self, services: Mapping[str, Service], sources: Mapping[str, str]) -> Iterator[NetworkFaults]:
        """Open a bay with a proxy in front of each of the services; leaving ends it."""
        proxies = self._started()
        control = Control(proxies.local["address"], proxies.control)
        upstreams = {name: service.address for name, service in services.items()}
        told = control.ask("POST", "/bays", {"upstreams": upstreams, "ports": _ports(upstreams)})
        path = f"/bays/{told['name']}"
        host = told["address"] or proxies.address.rpartition(":")[0]
        try:
            yield NetworkFaults(_Bay(control, path, host, told["ports"]), services, sources)
        finally:
            with suppress(OSError):  # they have ended with the dock
                control.ask("DELETE", path)

    def close(self) -> None:
        """End them, if they were started."""
        self._stack.close()

    def _started(self) -> HostedService:
        with self._starting:
            if self._host is None:
                self._host = self._stack.enter_context(self._make())
            return self._host


def in_container(network: Network, free: str, supply: Supply, run: OpenRun) -> FaultProxies:
    """Proxies in a container on the network of the Space, which give bays the `free` addresses in it."""

    def make() -> HostedService:
        account = _Control(run.control)
        name, image = f"faults-{secrets.token_hex(3)}", _image(supply)
        container = (
            DockerContainer(image.tag)
            .with_envs(HOST="0.0.0.0", PORT=str(_PORT), ADDRESSES=free)  # noqa: S104 - in its container
            .with_env(CONTROL, run.control)
            .with_exposed_ports(_PORT)
            .with_copy_into_container(_FILE.read_bytes(), f"/{_FILE.name}")
        )
        host = ContainerHost(
            container,
            image=image,
            name=name,
            port=_PORT,
            network=network,
            run=run,
            entrypoint=["python", "-I", f"/{_FILE.name}"],
            cap_drop=["ALL"],
            cap_add=_MAY,
        )
        return HostedService(account, host, "", inside=f"{name}:{_PORT}")

    return FaultProxies(make)


def in_process(run: OpenRun) -> FaultProxies:
    """Proxies in a child process, whose bays have free ports of the loopback interface."""
    account, environment = _Control(run.control), {CONTROL: run.control}
    return FaultProxies(lambda: HostedService(account, DoubleHost(_MODULE, run, environment), ""))


def _image(supply: Supply) -> Image:
    """An image with `ip`, by which bays have addresses of their own; without it they do with ports."""
    try:
        return supply.program("sandbox")
    except SpacedockError:
        return supply.pinned("python")


def _ports(upstreams: Mapping[str, str]) -> dict[str, int]:
    """Offer each service at its own port; of two that have the same, the second one at a free one."""
    ports: dict[str, int] = {}
    for name, address in upstreams.items():
        port = int(address.rpartition(":")[2])
        if port not in {_PORT, *ports.values()}:
            ports[name] = port
    return ports
