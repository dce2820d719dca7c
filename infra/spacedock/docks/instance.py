"""A running instance of a Space: what each has, and one small protocol for all else that some have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from spacedock.docks.boots import BootResult, BootSpec
from spacedock.edge.base import Edge


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


class TooManyToListError(Exception):
    """What an instance made is more than is listed: a fact about it, in words."""


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

    def alive(self) -> bool: ...

    def ended(self, within: float) -> bool:
        """Whether the main process is dead, or dies within so many seconds."""
        ...

    def exit_code(self) -> int | None:
        """How the main process ended; None while it lives."""
        ...

    def logs(self) -> str:
        """Everything that the Space wrote so far, both streams, in order."""
        ...

    def close(self) -> None:
        """Remove the instance, however it stands. Never raises for one that is gone."""
        ...


class Stoppable(Protocol):
    """Can be stopped as the platform does. Needs SIGNALS."""

    def stop(self, grace: float, meanwhile: Callable[[], None] | None = None) -> Stop:
        """Send SIGTERM, call `meanwhile` (within the grace), wait `grace` seconds at most, then SIGKILL."""
        ...


class Attachable(Protocol):
    """Can be sat beside: its log as it grows, and commands where it runs."""

    @property
    def shell(self) -> str:
        """The command that opens a shell where the Space runs; empty where there is none."""
        ...

    def follow(self) -> Iterator[str]:
        """Yield the log line by line, as it is written, until the instance ends."""
        ...

    def execute(self, *command: str) -> Execution:
        """Run a command where the main process runs: its files, environment and user. Waits for its end."""
        ...


class Identified(Protocol):
    """Shows what runs in it."""

    def identity(self) -> int | None:
        """The user id of the main process; None when the dock cannot tell."""
        ...

    def processes(self) -> tuple[Process, ...]:
        """Its living processes; empty when the dock cannot tell. Raises TooManyToListError."""
        ...


class Metered(Protocol):
    """Shows what it uses, and whether that was more than it may."""

    def usage(self) -> Usage:
        """What it used so far; the last that was seen where it has ended."""
        ...

    def out_of_memory(self) -> bool:
        """Whether it was killed for using more memory than its flavour has. Needs LIMITS; else False."""
        ...


class OnItsOwnDisk(Protocol):
    """Shows what it changed in its image's files. Needs DISK; else nothing is seen."""

    def changes(self) -> tuple[str, ...]:
        """The paths that it added, changed or removed, sorted; the last that were seen where it is closed.

        Raises TooManyToListError.
        """
        ...

    def forbidden(self) -> tuple[str, ...]:
        """Those of its changes that the platform's user may not make, by owners and modes in the image.

        Of a new folder only the folder. Needs IDENTITY too; else empty. Raises TooManyToListError.
        """
        ...


class Confined(Protocol):
    """Shows what it was denied outside."""

    def denials(self) -> tuple[Denial, ...]:
        """What it tried to connect to outside and was denied. Needs EGRESS; else empty."""
        ...


class Fronted(Protocol):
    """Has the platform's proxy in front of it."""

    def edge(self) -> Edge:
        """The proxy; started when first asked for, closed with the instance.

        Needs EDGE; raises NotImplementedError where the dock has none.
        """
        ...


class FullInstance(
    Instance, Stoppable, Attachable, Identified, Metered, OnItsOwnDisk, Confined, Fronted, Protocol
):
    """All that an instance may offer. Whoever asks for more than an Instance has, asks the dock if it can."""
