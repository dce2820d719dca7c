"""What one boot wants, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from spacedock.docks.conditions import PLATFORM_WINDOW, Egress, StartWindow


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


AS_DEPLOYED = BootSpec()


class Cause(StrEnum):
    """Why an instance is not ready."""

    EXITED = "exited"
    OTHER_PORT = "listening on another port"
    LOOPBACK = "listening on loopback only"
    IPV6_ONLY = "listening on IPv6 only"
    RESPAWNING = "started again and again"
    SILENT = "silent"


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

    @property
    def ipv6(self) -> bool:
        """Whether it is one of IPv6; it may take IPv4 too."""
        return ":" in self.address and not self.address.startswith("::ffff:")

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


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
    window: StartWindow = PLATFORM_WINDOW  # what it was given
    processor_seconds: float | None = None  # that it had used when it was ready; None where nobody can tell
    restarts: int = 0  # how often what serves in it ended and was started again, where that was why
    idle: bool = False  # nothing in it had worked for half of the window when that was over

    @property
    def ready(self) -> bool:
        """Whether HTTP answered on the expected port, from outside."""
        return self.cause is None

    @property
    def failed(self) -> bool:
        """Whether it ended by itself: its main process, or again and again what that one starts."""
        return self.cause in {Cause.EXITED, Cause.RESPAWNING}

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
                said = f"ready on port {self.port} after {self.seconds:.2f} s"
            case Cause.EXITED:
                why = f": {self.exceeded}" if self.exceeded else ""
                said = f"exited with code {self.exit_code} after {self.seconds:.2f} s{why}"
            case Cause.OTHER_PORT:
                said = f"nothing on port {self.port}; it listens on {seen}"
            case Cause.LOOPBACK:
                said = f"port {self.port} is bound to loopback only ({seen})"
            case Cause.IPV6_ONLY:
                said = f"port {self.port} is open on IPv6 only ({seen}), and is asked on IPv4"
            case Cause.RESPAWNING:
                often = f"{self.restarts} times in {self.seconds:.0f} s"
                said = f"ends and is started again, {often}, and gives no HTTP answer on port {self.port}"
            case Cause.SILENT:
                where = f"; it listens on {seen}" if seen else "; it listens on nothing"
                said = f"no HTTP answer on port {self.port} after {self.window}{where}"
        return said
