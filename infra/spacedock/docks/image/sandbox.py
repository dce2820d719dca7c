"""Sandboxes: containers that own the network namespace of one instance each, as a pod's does in Kubernetes.

It alone has NET_ADMIN. It installs the rules, answers the DNS, and holds the namespace with its address and
its published port; the Space's container joins and has no capability more than it would have without.

The engine's own resolver stays the Space's: it knows the names of the run's services, and asks the sandbox
for all others. It asks from within the namespace, and `dns` is an address that is not loopback, because
engines differ in where they take a loopback address to be. A rule leads it to the sandbox.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, Self

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException
from testcontainers.core.container import DockerContainer

from spacedock import platform
from spacedock.docks.conditions import Egress
from spacedock.docks.image import firewall
from spacedock.docks.instance import Denial
from spacedock.errors import EngineError, SpacedockError

if TYPE_CHECKING:
    from docker.models.containers import Container
    from testcontainers.core.network import Network

    from spacedock.engine import Engine
    from spacedock.images.supply import Supply
    from spacedock.runs import Run

KEY = "sandbox"

_PATIENCE = 30.0  # seconds that a sandbox gets to be ready
_LOOK = 5.0  # seconds that it gets to tell what was tried
_PAUSE = 0.02  # seconds between two looks into its log
# Without it the kernel says "Cannot assign requested address" where the platform's has no route.
_IPV6 = {"net.ipv6.conf.all.disable_ipv6": "0"}
_GONE = (DockerException, RequestException)


class NetworkSandbox:
    """A network namespace with rules. `start` installs them, `close` gives it up."""

    def __init__(self, container: DockerContainer, name_of: Callable[[str], str]) -> None:
        self.container = container
        self._name_of = name_of
        self._ready = False
        self._looks = 0
        self._lock = Lock()
        self._tried: tuple[Denial, ...] = ()

    @property
    def network_mode(self) -> str:
        """What a container is started with that joins."""
        return f"container:{self.container.get_container_id()}"

    def start(self) -> None:
        """Start it and wait until its rules hold.

        Raises Lacking where the engine or its kernel has not what it takes.
        """
        try:
            self.container.start()
            self._await_ready()
            self._ready = True
        except APIError as error:
            self.close()
            raise Lacking(str(error.explanation or error)) from error
        except BaseException:
            self.close()
            raise

    def denials(self) -> tuple[Denial, ...]:
        """What was tried so far and denied; the last that was seen where the sandbox is gone."""
        with self._lock, suppress(*_GONE):
            if not self._ready:
                return self._tried
            self._looks += 1
            self._wrapped.kill("SIGUSR1")
            said = self._await(lambda line: line.get("look", 0) >= self._looks, _LOOK)
            if said:
                self._tried = tuple(sorted({self._denial(*item) for item in said["tried"]}, key=str))
        return self._tried

    def close(self) -> None:
        """Remove it, after a last look. Never raises for one that is gone."""
        if self._ready:
            self.denials()
        self.remove()

    def remove(self) -> None:
        """Remove it as it stands."""
        self._ready = False
        with suppress(*_GONE):
            self.container.stop()

    @property
    def _wrapped(self) -> Container:
        return self.container.get_wrapped_container()

    def _await_ready(self) -> None:
        said = self._await(lambda line: "ready" in line or "lacking" in line, _PATIENCE)
        if "ready" not in said:
            why = said.get("lacking") or self._wrapped.logs(tail=5).decode(errors="replace")
            raise Lacking(str(why).strip())

    def _await(self, wanted: Callable[[dict[str, Any]], bool], patience: float) -> dict[str, Any]:
        """Return the line that is wanted; an empty one when it does not come or the sandbox has ended."""
        patience_ends = time.monotonic() + patience
        while time.monotonic() < patience_ends:
            for line in reversed(self._wrapped.logs(tail=10).splitlines()):
                with suppress(ValueError):
                    said: dict[str, Any] = json.loads(line)
                    if wanted(said):
                        return said
            time.sleep(_PAUSE)
            self._wrapped.reload()
            if self._wrapped.status in {"exited", "dead"}:
                patience_ends = min(patience_ends, time.monotonic() + _PAUSE)
        return {}

    def _denial(self, host: str, port: int, protocol: Literal["tcp", "udp"], which: str) -> Denial:
        return Denial(
            self._name_of(host),
            port,
            protocol,
            platform=which != firewall.DENIED,
            ipv6=which == firewall.UNROUTED,
            blocked=which == firewall.BLOCKED,
        )


class Lacking(Exception):  # noqa: N818 - a fact about the engine that the dock goes on without
    """Why sandboxes cannot be had here."""


@dataclass(frozen=True)
class _Kind:
    egress: Egress
    port: int


class Sandboxes:
    """The sandboxes of one dock. A context manager: entering begins the first, leaving removes the spare.

    One is kept ahead of the boots, of the kind that most want: making it takes almost as long as a boot.
    """

    def __init__(  # noqa: PLR0913 - what they are made of, all by name
        self,
        *,
        egress: Egress,
        port: int,
        allow: tuple[str, ...],
        network: Network,
        engine: Engine,
        supply: Supply,
        run: Run,
    ) -> None:
        self._usual = _Kind(egress, port)
        self._allow = allow
        self._network = network
        self._engine = engine
        self._supply = supply
        self._run = run
        self._pool = ThreadPoolExecutor(2, "sandbox")
        self._spare: Future[NetworkSandbox] | None = None
        self._lock = Lock()
        self._stack = ExitStack()
        self._surrounds: firewall.Surrounds | None = None
        self._ipv6 = True
        self._proven = egress is Egress.OPEN  # then nobody finds out ahead
        self.lacking = ""

    def take(self, egress: Egress, port: int) -> NetworkSandbox | None:
        """Return a sandbox that nobody else has; None where nothing is limited, or where none can be had.

        Raises EngineError where one could be had before and cannot now.
        """
        if egress is Egress.OPEN or self.lacking:
            return None
        wanted = _Kind(egress, port)
        try:
            if spare := self._take_spare() if wanted == self._usual else None:
                return spare.result()
            return self._make(wanted)
        except Lacking as error:
            if self._proven:
                raise EngineError(
                    f"the engine gives the Space no network namespace with rules: {error}",
                    remedy="mend what it says, or run with `--egress open`",
                ) from error
            self.lacking = str(error)
            return None

    def find_out(self) -> None:
        """Wait until it is known whether sandboxes can be had."""
        if self._spare is None:
            return
        try:
            self._spare.result()
            self._proven = True
        except Lacking as error:
            self.lacking = str(error)

    def header(self) -> Iterator[str]:
        """Name the policy, and what is lacking for it."""
        if self.lacking:
            yield f"egress is not limited, real services can be reached: {self.lacking}"
        else:
            yield firewall.described(self._usual.egress, self._allow)
            if not self._ipv6:
                yield "the engine's kernel has no IPv6: what a Space tries over it is not seen"

    def _take_spare(self) -> Future[NetworkSandbox] | None:
        with self._lock:
            spare, self._spare = self._spare, None
            if spare is not None:
                self._spare = self._pool.submit(self._make, self._usual)
            return spare

    def _make(self, kind: _Kind) -> NetworkSandbox:
        try:
            return self._started(kind)
        except Lacking as error:
            if not self._ipv6 or "ipv6" not in str(error).lower():
                raise
            self._ipv6 = False  # a kernel without IPv6 has no such setting
            return self._started(kind)

    def _started(self, kind: _Kind) -> NetworkSandbox:
        surrounds = self._look_around()
        container = self._container(KEY).with_exposed_ports(kind.port)
        container.with_envs(
            RULES=firewall.rules(kind.egress, surrounds, _addresses(self._allow)),
            ALLOWED=json.dumps([name for name in self._allow if not _is_address(name)]),
            UPSTREAM=surrounds.upstream,
            IPV6_ONLY=json.dumps(platform.IPV6_ONLY_HOSTS.value),
            BLOCKED=json.dumps(firewall.blocked_hosts(kind.egress)),
        )
        container.with_kwargs(
            labels=self._run.labels,
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            sysctls=_IPV6 if self._ipv6 else {},
            dns=[firewall.RESOLVER],
            dns_search=["."],  # a name that is completed by the engine's own domain is another name
            use_config_proxy=False,
        )
        sandbox = NetworkSandbox(container, self._name_of)
        sandbox.start()
        return sandbox

    def _container(self, key: str) -> DockerContainer:
        try:
            image = self._supply.program(key)
        except SpacedockError as error:
            raise Lacking(f"the image of the sandbox cannot be had: {error}") from error
        container = DockerContainer(image.tag, network=self._network)
        container.image = image.tag  # testcontainers puts the prefix of a private registry in front
        return container

    def _look_around(self) -> firewall.Surrounds:
        with self._lock:
            if self._surrounds is None:
                self._surrounds = self._found()
            return self._surrounds

    def _found(self) -> firewall.Surrounds:
        network = self._inspected()
        ipv4 = [part for part in network["IPAM"]["Config"] if ip_network(part["Subnet"]).version == 4]
        if not ipv4:
            raise Lacking("the engine's networks have no IPv4")
        names = [name for name in self._allow if not _is_address(name)]
        return firewall.Surrounds(
            subnet=ipv4[0]["Subnet"],
            gateway=ipv4[0].get("Gateway") or str(next(ip_network(ipv4[0]["Subnet"]).hosts())),
            upstream=self._start_resolver() if names else "",
        )

    def _start_resolver(self) -> str:
        """Start what resolves allowed names: it has the engine's own DNS, which a sandbox has not."""
        container = self._container(KEY).with_command(["resolver"]).with_kwargs(labels=self._run.labels)
        resolver = NetworkSandbox(container, str)
        self._stack.callback(resolver.remove)
        resolver.start()
        return str(self._endpoint(container.get_container_id())["IPAddress"])

    def _name_of(self, address: str) -> str:
        """The name of the service at an address of the run's network; else the address."""
        surrounds = self._surrounds
        if (
            not surrounds
            or not _is_address(address)
            or ip_address(address) not in ip_network(surrounds.subnet)
        ):
            return address
        for container in self._inspected().get("Containers", {}):
            mine = self._endpoint(container)
            if mine.get("IPAddress") == address:
                aliases = [alias for alias in mine.get("Aliases") or () if not container.startswith(alias)]
                return str(aliases[0]) if aliases else address
        return address

    def _endpoint(self, container: str) -> dict[str, Any]:
        """What the engine tells of a container in the run's network; nothing of one that is gone."""
        with suppress(DockerException):
            attributes = self._engine.client.containers.get(container).attrs
            return attributes["NetworkSettings"]["Networks"].get(self._network.name) or {}
        return {}

    def _inspected(self) -> dict[str, Any]:
        inspected: dict[str, Any] = self._engine.client.api.inspect_network(self._network.name)
        return inspected

    def __enter__(self) -> Self:
        if self._usual.egress is not Egress.OPEN:
            self._spare = self._pool.submit(self._make, self._usual)
        return self

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            spare, self._spare = self._spare, None
        if spare and not spare.cancel() and not spare.exception():
            spare.result().close()
        self._pool.shutdown(cancel_futures=True)
        self._stack.close()


def _addresses(allow: tuple[str, ...]) -> Iterator[tuple[str, int | None]]:
    """The allowed addresses with their ports."""
    for item in allow:
        host, _, port = item.partition(":")
        if _is_address(host):
            yield host, int(port) if port else None


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text.partition(":")[0])
    except ValueError:
        return False
    return True
