"""Faults on the wire: a proxy in front of each service, which breaks and mends it while the Space runs."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from testcontainers.core.container import DockerContainer

from spacedock.errors import UsageError
from spacedock.images.workshop import DOUBLES
from spacedock.services.faults.control import ask
from spacedock.services.faults.fault import NetworkFault
from spacedock.services.hosts.base import HostedService, http_refusal
from spacedock.services.hosts.child import DoubleHost
from spacedock.services.hosts.container import ContainerHost

if TYPE_CHECKING:
    from testcontainers.core.network import Network

    from spacedock.images.supply import Supply
    from spacedock.runs import Run
    from spacedock.services.base import Service

_MODULE = "faultproxy"
_FILE = DOUBLES / f"{_MODULE}.py"
_PORT = 9000  # of the control in its container; services that cannot have their own follow it
_PAUSE = 0.01  # seconds between two looks


@dataclass(frozen=True)
class Traffic:
    """What a proxy saw since its service was last broken or mended; `live` connections are those of now."""

    live: int
    accepted: int
    bytes_in: int  # from the Space
    bytes_out: int  # to the Space


@dataclass(frozen=True)
class _Control:
    """The account of the proxies: everybody may ask them."""

    name = "the fault proxy"
    canaries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def values(self, address: str) -> Mapping[str, str]:
        return {"address": address}

    def refusal(self, address: str) -> str | None:
        return http_refusal(address, "/services", {})


class NetworkFaults:
    """Breaks and mends services. A context manager: entering starts a proxy a service, leaving ends them.

    `sources` are the names of the Space's environment with what they come from, as `postgres.url`.
    """

    def __init__(
        self, host: HostedService, services: Mapping[str, Service], sources: Mapping[str, str]
    ) -> None:
        self._host = host
        self._services = services
        self._sources = sources
        self._ports: dict[str, int] = {}
        self._control = ""
        self._stack = ExitStack()

    @property
    def environment(self) -> tuple[tuple[str, str], ...]:
        """For `BootSpec.environment`: what services supply, by way of their proxies."""
        told = {name: source.partition(".") for name, source in self._sources.items()}
        return tuple((name, self.values(service)[key]) for name, (service, _, key) in told.items())

    def values(self, service: str) -> Mapping[str, str]:
        """What the Space needs to reach a service by way of its proxy."""
        self._require(service)
        host = self._host.address.rpartition(":")[0]
        return self._services[service].values_at(f"{host}:{self._ports[service]}")

    def break_(self, service: str, fault: NetworkFault) -> None:
        """Put the fault in force, in place of the one before; it is when this returns."""
        self._require(service)
        order = {"fault": fault.kind, "seconds": fault.seconds}
        ask(self._control, "PUT", f"/services/{service}", order)

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
        seen = ask(self._control, "GET", f"/services/{service}")
        return Traffic(seen["live"], seen["accepted"], seen["bytes_in"], seen["bytes_out"])

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

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._host)
            self._control = self._host.local["address"]
            reports = ask(self._control, "GET", "/services")
            self._ports = {name: report["port"] for name, report in reports.items()}
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()


def in_container(
    services: Mapping[str, Service], sources: Mapping[str, str], network: Network, supply: Supply, run: Run
) -> NetworkFaults:
    """Proxies in a container of the pinned Python, on the network of the Space."""
    name = f"faults-{secrets.token_hex(3)}"  # there may be several
    ports = _ports(services)
    image = supply.pinned("python")
    container = (
        DockerContainer(image.tag)
        .with_envs(HOST="0.0.0.0", PORT=str(_PORT), PORTS=json.dumps(ports), UPSTREAMS=_upstreams(services))  # noqa: S104 - in its container
        .with_exposed_ports(_PORT)
        .with_copy_into_container(_FILE.read_bytes(), f"/{_FILE.name}")
        .with_command(["python", "-I", f"/{_FILE.name}"])
    )
    host = ContainerHost(container, image=image, name=name, port=_PORT, network=network, run=run)
    return NetworkFaults(HostedService(_Control(), host, "", inside=f"{name}:{_PORT}"), services, sources)


def in_process(services: Mapping[str, Service], sources: Mapping[str, str], run: Run) -> NetworkFaults:
    """Proxies in a child process."""
    host = DoubleHost(_MODULE, run, {"UPSTREAMS": _upstreams(services)})
    return NetworkFaults(HostedService(_Control(), host, ""), services, sources)


def _ports(services: Mapping[str, Service]) -> dict[str, int]:
    """Offer each service at its own port, since what a Space may connect to goes by ports."""
    ports: dict[str, int] = {}
    for number, (name, service) in enumerate(services.items(), 1):
        port = int(service.address.rpartition(":")[2])
        ports[name] = _PORT + number if port in {_PORT, *ports.values()} else port
    return ports


def _upstreams(services: Mapping[str, Service]) -> str:
    return json.dumps({name: service.address for name, service in services.items()})
