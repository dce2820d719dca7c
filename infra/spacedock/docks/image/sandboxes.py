"""The sandboxes of one dock: each is one instance's at a time, and given back, emptied, for the next one."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from docker.errors import DockerException

from spacedock import platform
from spacedock.confinement import confined, gateway_of
from spacedock.docks.conditions import Egress
from spacedock.docks.image import firewall
from spacedock.docks.image.sandbox import Lacking, NetworkSandbox
from spacedock.errors import EngineError, SpacedockError

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

    from spacedock.docks.image.place import Place
    from spacedock.docks.instance import Denial

KEY = "sandbox"

_AT_ONCE = 2
_AHEAD = 3  # the first boot's, and those of the two that tell why where it failed
# Without it the kernel says "Cannot assign requested address" where the platform's has no route.
_IPV6 = {"net.ipv6.conf.all.disable_ipv6": "0"}


@dataclass(frozen=True)
class SandboxKind:
    """What tells sandboxes apart: the rules, and the port that is published."""

    egress: Egress
    port: int


class SandboxLease:
    """A sandbox for as long as one instance has it. `close` gives it back and keeps what was tried."""

    def __init__(
        self, sandbox: NetworkSandbox, port: int, give_back: Callable[[NetworkSandbox, bool], None]
    ) -> None:
        self._sandbox = sandbox
        self._give_back = give_back
        self._tried: tuple[Denial, ...] = ()
        self._over = False
        self._lock = Lock()
        self.network_mode = sandbox.network_mode
        self.container = sandbox.container.get_container_id()
        self.address = sandbox.address(port)

    def denials(self) -> tuple[Denial, ...]:
        """What was tried so far and denied; the last that was seen where nothing is told any more."""
        with self._lock:
            if not self._over:
                self._remember(self._sandbox.denials())
            return self._tried

    def sockets(self) -> str:
        """The kernel's tables of its TCP sockets; empty where they are not told."""
        with self._lock:
            return "" if self._over else self._sandbox.sockets()

    def close(self) -> None:
        """Give it back, after a last look, once the instance's container is gone."""
        with self._lock:
            if self._over:
                return
            self._over = True
            tried, clean = self._sandbox.forget()
            self._remember(tried)
        self._give_back(self._sandbox, clean)

    def _remember(self, tried: tuple[Denial, ...] | None) -> None:
        if tried is not None:
            self._tried = tried


class Sandboxes:
    """Gives and takes back sandboxes. A context manager: entering begins some, leaving removes all.

    Some are kept ahead of the boots, of the kind that most want: making one takes almost as long as a boot.
    """

    def __init__(self, place: Place, *, egress: Egress, port: int, allow: tuple[str, ...]) -> None:
        self._usual = SandboxKind(egress, port)
        self._maker = SandboxMaker(place, allow)
        self._pool = ThreadPoolExecutor(_AT_ONCE, "sandbox")
        self._spares: deque[Future[NetworkSandbox]] = deque()
        self._idle: dict[SandboxKind, list[NetworkSandbox]] = {}
        self._lock = Lock()
        self._over = False
        self._proven = egress is Egress.OPEN  # then nobody finds out ahead
        self.lacking = ""

    def take(self, egress: Egress, port: int) -> SandboxLease | None:
        """Return a sandbox that nobody else has; None where nothing is limited, or where none can be had.

        Raises EngineError where one could be had before and cannot now.
        """
        if egress is Egress.OPEN or self.lacking:
            return None
        kind = SandboxKind(egress, port)
        try:
            sandbox = self._idle_one(kind) or self._new_one(kind)
        except Lacking as error:
            if self._proven:
                raise EngineError(
                    f"the engine gives the Space no network namespace with rules: {error}",
                    remedy="mend what it says, or run with `--egress open`",
                ) from error
            self.lacking = str(error)
            return None
        return SandboxLease(sandbox, port, lambda given, clean: self._take_back(kind, given, clean=clean))

    def find_out(self) -> None:
        """Wait until it is known whether sandboxes can be had."""
        if not self._spares:
            return
        try:
            self._spares[0].result()
            self._proven = True
        except Lacking as error:
            self.lacking = str(error)

    def expect_another(self) -> None:
        """Begin one more, which the next boot will want."""
        with self._lock:
            wanted = self._usual.egress is not Egress.OPEN and not self.lacking
            if wanted and not self._over and len(self._spares) < _AHEAD:
                self._begin_one()

    def header(self) -> Iterator[str]:
        """Name the policy, and what is lacking for it."""
        if self.lacking:
            yield f"egress is not limited, real services can be reached: {self.lacking}"
        else:
            yield firewall.described(self._usual.egress, self._maker.allow)
            if not self._maker.ipv6:
                yield "the engine's kernel has no IPv6: what a Space tries over it is not seen"

    def _idle_one(self, kind: SandboxKind) -> NetworkSandbox | None:
        with self._lock:
            idle = [sandbox for sandbox in self._idle.pop(kind, ()) if not sandbox.ended]
            self._idle[kind] = idle
            return idle.pop() if idle else None

    def _new_one(self, kind: SandboxKind) -> NetworkSandbox:
        with self._lock:
            spare = self._spares.popleft() if self._spares and kind == self._usual else None
        made = spare.result() if spare is not None else None
        return made if made is not None and not made.ended else self._maker.make(kind)

    def _take_back(self, kind: SandboxKind, sandbox: NetworkSandbox, *, clean: bool) -> None:
        with self._lock:
            if clean and not self._over:
                self._idle.setdefault(kind, []).append(sandbox)
                return
        sandbox.remove()

    def _left(self) -> Iterator[NetworkSandbox]:
        """Those that nobody has."""
        with self._lock:
            self._over = True
            spares, self._spares = self._spares, deque()
            idle, self._idle = self._idle, {}
        for sandboxes in idle.values():
            yield from sandboxes
        for spare in spares:
            if not spare.cancel() and not spare.exception():
                yield spare.result()

    def _begin_one(self) -> None:
        self._spares.append(self._pool.submit(self._maker.make, self._usual))

    def __enter__(self) -> Self:
        if self._usual.egress is not Egress.OPEN:
            for _ in range(_AHEAD):
                self._begin_one()
        return self

    def __exit__(self, *exc: object) -> None:
        for removal in [self._pool.submit(sandbox.remove) for sandbox in self._left()]:
            removal.result()
        self._pool.shutdown(cancel_futures=True)
        self._maker.close()


class SandboxMaker:
    """Makes sandboxes in a run's network; `close` ends what resolves for them."""

    def __init__(self, place: Place, allow: tuple[str, ...]) -> None:
        self._place = place
        self._lock = Lock()
        self._stack = ExitStack()
        self._surrounds: firewall.Surrounds | None = None
        self.allow = allow
        self.ipv6 = True

    def make(self, kind: SandboxKind) -> NetworkSandbox:
        """Start one. Raises Lacking where none can be had."""
        try:
            return self._started(kind)
        except Lacking as error:
            # The engine has only words for a kernel without IPv6, which has no such setting: it names it.
            if not self.ipv6 or "ipv6" not in str(error).lower():
                raise
            self.ipv6 = False
            return self._started(kind)

    def close(self) -> None:
        """End what resolves allowed names."""
        self._stack.close()

    def _started(self, kind: SandboxKind) -> NetworkSandbox:
        surrounds = self._look_around()
        container = self._container(KEY).with_exposed_ports(kind.port)
        container.with_envs(
            RULES=firewall.rules(kind.egress, surrounds, _addresses(self.allow)),
            ALLOWED=json.dumps([name for name in self.allow if not _is_address(name)]),
            UPSTREAM=surrounds.upstream,
            IPV6_ONLY=json.dumps(platform.IPV6_ONLY_HOSTS.value),
            BLOCKED=json.dumps(firewall.blocked_hosts(kind.egress)),
        )
        container.with_kwargs(
            **confined(self._place.run),
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            sysctls=_IPV6 if self.ipv6 else {},
            dns=[firewall.RESOLVER],
            dns_search=["."],  # a name that is completed by the engine's own domain is another name
            use_config_proxy=False,
        )
        sandbox = NetworkSandbox(container, self._name_of)
        sandbox.start()
        return sandbox

    def _container(self, what_for: str) -> DockerContainer:
        try:
            image = self._place.supply.program(KEY)
        except SpacedockError as error:
            raise Lacking(f"the image of the sandbox cannot be had: {error}") from error
        return self._place.container(image.tag, what_for, network=self._place.network)

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
        names = [name for name in self.allow if not _is_address(name)]
        return firewall.Surrounds(
            subnet=ipv4[0]["Subnet"],
            gateway=gateway_of(ipv4[0]),
            upstream=self._start_resolver() if names else "",
        )

    def _start_resolver(self) -> str:
        """Start what resolves allowed names: it has the engine's own DNS, which a sandbox has not."""
        container = self._container("resolver").with_command(["resolver"])
        container.with_kwargs(**confined(self._place.run))
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
            attributes = self._place.engine.client.containers.get(container).attrs
            return attributes["NetworkSettings"]["Networks"].get(self._place.network.name) or {}
        return {}

    def _inspected(self) -> dict[str, Any]:
        inspected: dict[str, Any] = self._place.engine.client.api.inspect_network(self._place.network.name)
        return inspected


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
