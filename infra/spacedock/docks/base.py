"""What every dock offers: take an order, give an instance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, Self

from spacedock import platform
from spacedock.durations import spelled
from spacedock.edge.base import Edge, Manner
from spacedock.services.base import Service

if TYPE_CHECKING:
    from concurrent.futures import Future

    from spacedock.services.faults.network import (
        NetworkFaults,  # needs testcontainers, which is slow to import
    )


class Capability(StrEnum):
    """What a dock can show to be true. A promise lists what it needs."""

    IMAGE = "image"  # the Dockerfile itself is built and run
    IDENTITY = "identity"  # the process runs as uid 1000 over the image's own files and owners
    LIMITS = "limits"  # the flavour's CPU, memory and disk are enforced
    SIGNALS = "signals"  # a stop can be sent and its effect seen
    SERVICES = "services"  # the Space talks to real or stand-in services
    EDGE = "edge"  # the TLS proxy of the platform stands in front
    EGRESS = "egress"  # connections to the outside are limited as on the platform
    DISK = "disk"  # what a Space writes is seen, and gone with its container
    OVERLAP = "overlap"  # two instances of one Space run at once


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
    """Why an instance is not ready."""

    EXITED = "exited"
    OTHER_PORT = "listening on another port"
    LOOPBACK = "listening on loopback only"
    SILENT = "silent"


@dataclass(frozen=True)
class BootSpec:
    """What one boot wants. Equal boot specs may share one instance."""

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
class StartWindow:
    """How long a boot may take: on the platform, and here, where time is scaled."""

    there: float = platform.STARTUP_TIMEOUT.value  # seconds
    scale: float = 1.0

    @property
    def here(self) -> float:
        """Seconds that are waited for a boot."""
        return self.there * self.scale

    def header(self) -> Iterator[str]:
        """Say it where it is not the platform's own."""
        if self.there != platform.STARTUP_TIMEOUT.value:
            yield f"start window: {self}"

    def __str__(self) -> str:
        if self.scale == 1:
            return spelled(self.there)
        return f"{self.here:.3g} s here, {spelled(self.there)} there"


@dataclass(frozen=True)
class BootResult:
    """How a boot ended: ready (`cause` is None), or not and why."""

    seconds: float
    port: int  # where it was expected
    cause: Cause | None = None
    exit_code: int | None = None
    listeners: tuple[Listener, ...] = ()
    out_of_memory: bool = False  # it was killed because it used more than its flavour has
    exceeded: str = ""  # the limit that ended it, in the platform's words
    window: StartWindow = StartWindow()  # what it was given

    @property
    def ready(self) -> bool:
        """Whether HTTP answered on the expected port, from outside."""
        return self.cause is None

    @property
    def late(self) -> bool:
        """Whether the window was over before anything listened on the port."""
        there = any(listener.port == self.port for listener in self.listeners)
        return self.cause is Cause.SILENT and not there

    @property
    def over_its_limits(self) -> bool:
        """Whether it used more memory or disk than its flavour has, and was ended for it."""
        return self.out_of_memory or bool(self.exceeded)

    def __str__(self) -> str:
        seen = ", ".join(str(listener) for listener in self.listeners)
        match self.cause:
            case None:
                return f"ready on port {self.port} after {self.seconds:.2f} s"
            case Cause.EXITED:
                why = f": {self.exceeded}" if self.exceeded else ""
                return f"exited with code {self.exit_code} after {self.seconds:.2f} s{why}"
            case Cause.OTHER_PORT:
                return f"nothing on port {self.port}; it listens on {seen}"
            case Cause.LOOPBACK:
                return f"port {self.port} is bound to loopback only ({seen})"
            case Cause.SILENT:
                where = f"; it listens on {seen}" if seen else "; it listens on nothing"
                return f"no HTTP answer on port {self.port} after {self.window}{where}"


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
    """What an instance used so far and what it may use, in bytes; None where the dock cannot tell."""

    peak_memory: int | None = None  # caches of files left out where the kernel tells them apart
    written: int | None = None  # growth of the writable layer, at its largest that was seen
    memory_limit: int | None = None
    disk_limit: int | None = None
    exceeded: tuple[str, ...] = ()  # the limits that it went over, in the platform's words


@dataclass(frozen=True)
class Process:
    """A process of a Space, by its number where it was asked for."""

    pid: int
    parent: int
    command: str


@dataclass(frozen=True)
class Identity:
    """Whom an image runs as by itself, and what the platform's user finds in it."""

    named: str = ""  # the USER of the image; empty where it names none
    user: int | None = 0  # the number of that; None where its passwd does not know the name
    home: str = "/root"  # of that user
    in_passwd: bool = True  # whether the platform's user has an entry
    workdir: str = "/"
    writes_workdir: bool = True  # whether the platform's user may write there

    def __str__(self) -> str:
        number = "unknown uid" if self.user is None else f"uid {self.user}"
        return f"{number}, USER {self.named}" if self.named else f"{number}, no USER in the image"


@dataclass(frozen=True)
class Denial:
    """A connection to the outside that a Space tried and was denied."""

    host: str  # the name that it asked for, else the address
    port: int
    protocol: Literal["tcp", "udp"]
    platform: bool  # the platform would deny it too; else only the dock does, where nothing real is reached
    ipv6: bool = False  # for which there is no route; else it was dropped
    blocked: bool = False  # its name was asked for and not resolved; then port and protocol are those of DNS

    def __str__(self) -> str:
        if self.blocked:
            return f"{self.host} (its name is not resolved, as on the platform)"
        how = "no route for IPv6" if self.ipv6 else "dropped"
        who = f"{how}, as on the platform" if self.platform else "denied by the dock only"
        where = f"[{self.host}]" if ":" in self.host else self.host
        return f"{where}:{self.port}/{self.protocol} ({who})"


@dataclass(frozen=True)
class Made:
    """What the build added to its base image's settings; `steps` are the instructions of it, in order.

    `sizes` are the bytes of the layer that each step made: 0 where it made none.
    """

    environment: Mapping[str, str]
    labels: Mapping[str, str]
    steps: tuple[str, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Sighting:
    """What was seen in a file of the image, and the instruction that put the file there."""

    what: str
    path: str
    step: str


# Names what is to be seen in a file, given its absolute path and its content in chunks.
FileInspector = Callable[[str, Iterator[bytes]], Iterable[str]]


class Instance(Protocol):
    """One running instance of a Space in a dock."""

    @property
    def spec(self) -> BootSpec: ...
    @property
    def boot(self) -> BootResult: ...
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
        """Yield the log line by line, as it is written, until the instance ends."""
        ...

    def alive(self) -> bool: ...

    def exit_code(self) -> int | None:
        """How the main process ended; None while it lives."""
        ...

    def out_of_memory(self) -> bool:
        """Whether it was killed for using more memory than its flavour has. Needs LIMITS; else False."""
        ...

    def identity(self) -> int | None:
        """The user id of the main process; None when the dock cannot tell."""
        ...

    def processes(self) -> tuple[Process, ...]:
        """Its living processes; empty when the dock cannot tell."""
        ...

    def usage(self) -> Usage:
        """What it used so far; the last that was seen where it has ended."""
        ...

    def changes(self) -> tuple[str, ...]:
        """The paths that it added, changed or removed in its image's files, sorted. Needs DISK; else empty.

        The last that were seen where it was closed.
        """
        ...

    def forbidden(self) -> tuple[str, ...]:
        """Those of its changes that the platform's user may not make, by owners and modes in the image.

        Of a new folder only the folder. Needs DISK and IDENTITY; else empty.
        """
        ...

    def denials(self) -> tuple[Denial, ...]:
        """What it tried to connect to outside and was denied. Needs EGRESS; else empty."""
        ...

    def edge(self) -> Edge:
        """The platform's proxy in front of it; started when first asked for, closed with the instance.

        Needs EDGE; raises NotImplementedError where the dock has none.
        """
        ...

    @property
    def shell(self) -> str:
        """The command that opens a shell where the Space runs; empty where there is none."""
        ...

    def execute(self, *command: str) -> Execution:
        """Run a command where the main process runs: its files, environment and user. Waits for its end."""
        ...

    def stop(self, grace: float, meanwhile: Callable[[], None] | None = None) -> Stop:
        """Send SIGTERM, call `meanwhile` (within the grace), wait `grace` seconds at most, then SIGKILL."""
        ...

    def close(self) -> None:
        """Remove the instance, however it stands. Never raises for one that is gone."""
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
        """Whether instances live on one set of ports, so that two may not want the same one at once."""
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

    def image_identity(self) -> Identity | None:
        """Whom the Space's image runs as by itself; None where there is no image."""
        ...

    def boot(self, spec: BootSpec) -> Instance:
        """Boot the Space and wait until it is ready or is known not to be.

        An instance is returned in both cases; `instance.boot` says which.
        """
        ...

    def start(self, service: str) -> Service:
        """Start one more service beside the Space, for as long as the dock lives.

        One that runs already is returned as it is. Raises UsageError for one that does not exist.
        """
        ...

    def made(self) -> Made:
        """What the Space's image adds to its base. Needs IMAGE; raises NotImplementedError without."""
        ...

    def search(self, look: FileInspector, rules: str) -> Future[tuple[Sighting, ...]]:
        """Begin to look into each file that the image adds to its base, deleted ones too, each layer once.

        Equal `rules` must see equal things in equal files: what was clean by them is not looked at again.
        Needs IMAGE; raises NotImplementedError without.
        """
        ...

    def faults(self) -> AbstractContextManager[NetworkFaults]:
        """A proxy in front of each service that runs, for a Space that boots with its `environment`."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
