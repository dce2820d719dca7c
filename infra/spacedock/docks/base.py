"""What every dock offers: take an order, give a berth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, Self

from spacedock.edge.base import Edge, Manner
from spacedock.services.base import Service

if TYPE_CHECKING:
    from spacedock.services.faults.wire import Faults  # needs testcontainers, which is slow to import


class Capability(StrEnum):
    """What a dock can show to be true. A promise lists what it needs."""

    IMAGE = "image"  # the Dockerfile itself is built and run
    IDENTITY = "identity"  # the process runs as uid 1000 over the image's own files and owners
    LIMITS = "limits"  # the flavour's CPU and memory are enforced
    SIGNALS = "signals"  # a stop can be sent and its effect seen
    SERVICES = "services"  # the Space talks to real or stand-in services
    EDGE = "edge"  # the TLS proxy of the platform stands in front
    EGRESS = "egress"  # connections to the outside are limited as on the platform
    DISK = "disk"  # what a Space writes is seen, and gone with its container
    OVERLAP = "overlap"  # two berths of one Space run at once


class Egress(StrEnum):
    """What a Space may connect to; documentation and observation disagree."""

    OBSERVED = "observed"  # mail ports are dropped, there is no IPv6
    DOCUMENTED = "documented"  # 80, 443 and 8080 only
    OPEN = "open"  # everything, real services included


@dataclass(frozen=True)
class Conditions:
    """What the platform is taken to do in one run, where sources disagree or time must be shorter."""

    egress: Egress = Egress.OBSERVED
    edge: Manner = Manner.OBSERVED
    time_scale: float = 1 / 30  # of the platform's start window: its 30 minutes are one here


AS_OBSERVED = Conditions()


class Cause(StrEnum):
    """Why a berth is not ready."""

    EXITED = "exited"
    OTHER_PORT = "listening on another port"
    LOOPBACK = "listening on loopback only"
    SILENT = "silent"


@dataclass(frozen=True)
class Order:
    """What one boot wants. Equal orders may share one berth."""

    purpose: str = "as deployed"
    withheld: frozenset[str] = frozenset()  # names that are not set at all
    blank: frozenset[str] = frozenset()  # names that are set to white space
    port: int | None = None  # PORT; None leaves it unset, as the platform does
    user: Literal["platform", "image"] = "platform"  # uid 1000, or the image's own USER
    egress: Egress | None = None  # None: that of the run's conditions
    env_file: bool = False  # put a `.env` with every value into the working directory
    environment: tuple[tuple[str, str], ...] = ()  # added last, wins over all others


@dataclass(frozen=True)
class Listener:
    """A TCP socket that the Space listens on."""

    address: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only the container itself can reach it."""
        address = self.address.removeprefix("::ffff:")
        return address == "::1" or address.startswith("127.")

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True)
class Boot:
    """How a boot ended: ready (`cause` is None), or not and why."""

    seconds: float
    port: int  # where it was expected
    cause: Cause | None = None
    exit_code: int | None = None
    listeners: tuple[Listener, ...] = ()
    out_of_memory: bool = False  # it was killed because it used more than its flavour has

    @property
    def ready(self) -> bool:
        """Whether HTTP answered on the expected port, from outside."""
        return self.cause is None

    def __str__(self) -> str:
        seen = ", ".join(str(listener) for listener in self.listeners)
        match self.cause:
            case None:
                return f"ready on port {self.port} after {self.seconds:.2f} s"
            case Cause.EXITED:
                why = ", out of memory" if self.out_of_memory else ""
                return f"exited with code {self.exit_code}{why} after {self.seconds:.2f} s"
            case Cause.OTHER_PORT:
                return f"nothing on port {self.port}; it listens on {seen}"
            case Cause.LOOPBACK:
                return f"port {self.port} is bound to loopback only ({seen})"
            case Cause.SILENT:
                where = f"; it listens on {seen}" if seen else "; it listens on nothing"
                return f"no HTTP answer on port {self.port} after {self.seconds:.0f} s{where}"


@dataclass(frozen=True)
class Stop:
    """What a SIGTERM led to."""

    seconds: float
    exit_code: int | None
    killed: bool  # the grace ran out and SIGKILL had to follow
    orphans: tuple[str, ...] = ()  # processes that outlived the main one
    unheard: bool = False  # the main process has no handler, and PID 1 without one never gets the signal


@dataclass(frozen=True)
class Execution:
    """A command that ran beside the Space's main process."""

    exit_code: int
    output: str  # both streams; an engine mixes them


@dataclass(frozen=True)
class Usage:
    """What a berth used so far, in bytes; None where the dock cannot tell."""

    peak_memory: int | None = None  # caches of files left out where the kernel tells them apart
    written: int | None = None  # growth of the writable layer


@dataclass(frozen=True)
class Denial:
    """A connection to the outside that a Space tried and was denied."""

    host: str  # the name that it asked for, else the address
    port: int
    protocol: Literal["tcp", "udp"]
    platform: bool  # the platform would deny it too; else only the dock does, where nothing real is reached

    def __str__(self) -> str:
        who = "dropped, as on the platform" if self.platform else "denied by the dock only"
        where = f"[{self.host}]" if ":" in self.host else self.host
        return f"{where}:{self.port}/{self.protocol} ({who})"


class Berth(Protocol):
    """One running instance of a Space in a dock."""

    @property
    def order(self) -> Order: ...
    @property
    def boot(self) -> Boot: ...
    @property
    def url(self) -> str:
        """`http://host:port`, as the harness reaches the Space; no trailing slash."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment that the platform (not the image) gave."""
        ...

    def logs(self) -> str:
        """Everything that the Space wrote so far, both streams, in order."""
        ...

    def follow(self) -> Iterator[str]:
        """Yield the log line by line, as it is written, until the berth ends."""
        ...

    def alive(self) -> bool: ...

    def identity(self) -> int | None:
        """The user id of the main process; None when the dock cannot tell."""
        ...

    def usage(self) -> Usage:
        """What it used so far; the last that was seen where it has ended."""
        ...

    def changes(self) -> tuple[str, ...]:
        """The paths that it added or changed in its image's files, sorted. Needs DISK; else empty."""
        ...

    def denials(self) -> tuple[Denial, ...]:
        """What it tried to connect to outside and was denied. Needs EGRESS; else empty."""
        ...

    def edge(self) -> Edge:
        """The platform's proxy in front of it; started when first asked for, closed with the berth.

        Needs EDGE; raises NotImplementedError where the dock has none.
        """
        ...

    def execute(self, *command: str) -> Execution:
        """Run a command where the main process runs: its files, environment and user. Waits for its end."""
        ...

    def stop(self, grace: float) -> Stop:
        """Send SIGTERM, wait `grace` seconds at most, then SIGKILL."""
        ...

    def close(self) -> None:
        """Remove the berth, however it stands. Never raises for one that is gone."""
        ...


class Dock(Protocol):
    """Where a Space runs. A context manager: entering builds the Space and starts its services."""

    @property
    def name(self) -> str: ...
    @property
    def capabilities(self) -> frozenset[Capability]: ...
    @property
    def conditions(self) -> Conditions:
        """What the platform is taken to do in this run."""
        ...

    @property
    def shares_ports(self) -> bool:
        """Whether berths live on one set of ports, so that two may not want the same one at once."""
        ...

    @property
    def header(self) -> tuple[str, ...]:
        """What a reader of the verdict must know: engine, stand-ins, what is different here."""
        ...

    @property
    def services(self) -> Mapping[str, Service]:
        """The services beside the Space, by name."""
        ...

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        """For each secret's name the strings that must never be seen in a log or an answer."""
        ...

    def board(self, order: Order) -> Berth:
        """Boot the Space and wait until it is ready or is known not to be.

        A berth is returned in both cases; `berth.boot` says which.
        """
        ...

    def start(self, service: str) -> Service:
        """Start one more service beside the Space, for as long as the dock lives.

        One that runs already is returned as it is. Raises UsageError for one that does not exist.
        """
        ...

    def faults(self) -> AbstractContextManager[Faults]:
        """A proxy in front of each service that runs, for a Space that boots with its `environment`."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
