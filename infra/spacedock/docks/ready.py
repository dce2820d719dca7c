"""When a boot is over: it answers, it is dead, or it is certain that nothing more will come.

Ready is a TCP connect and an HTTP answer, of whatever status, on the expected port and from outside. The
platform's own check is undocumented; evidence favours the TCP connect (O). A container's published port
accepts connections even when nothing in the container does: only an answer shows that somebody listens.
"""

from __future__ import annotations

import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from socket import create_connection, socket
from typing import Protocol

from spacedock.docks.boots import BootResult, Cause, Listener
from spacedock.docks.conditions import StartWindow
from spacedock.docks.respawning import ENOUGH, restarts

POLL = 0.02  # seconds between two calls; the process's death ends the wait at once
ANSWER = 0.01  # seconds that one poll waits for an answer that is under way
CONNECT = 0.5  # seconds for a TCP connect; a local one takes none
DRAIN = 0.25  # seconds to read the answer's rest, so that a server does not log a broken connection

# Looking at sockets costs an exec in a container: not before an ordinary boot is over, and not at every poll.
FIRST_LOOK = 1.0
LOOK_EVERY = 0.5

# Who holds the expected port on loopback keeps others from it: certain once it is no passing glimpse.
LOOPBACK_IS_CERTAIN = 1.0
# A socket that IPv4 reaches too takes a connection at once, however slow its answer is: one that turns every
# call away for so long is open on IPv6 only.
IPV6_IS_CERTAIN = 2.0
# What is started again and again is known by what is written of it: read that seldom, it may be long.
FIRST_READ = 2.0
READ_EVERY = 2.0
# Sockets elsewhere may be a helper's (metrics, a model server) that is up before the app. They tell the cause
# once nothing has changed for longer than start scripts usually `sleep`, and nothing works any more.
ELSEWHERE_IS_CERTAIN = 5.0
BUSY = 0.15  # processor seconds a second: loading takes 1, a third on a full machine; idle 0.1 at most


class BootingSpace(Protocol):
    """A Space that boots, as the wait for it sees it."""

    @property
    def port(self) -> int:
        """Where the platform expects it."""
        ...

    @property
    def address(self) -> tuple[str, int] | None:
        """Where the harness reaches that port; None when nothing leads there any more."""
        ...

    @property
    def shares_loopback(self) -> bool:
        """Whether the harness reaches what is bound to loopback only, so that an answer is no proof."""
        ...

    def ended(self, within: float) -> bool:
        """Whether the main process is dead, or dies within so many seconds."""
        ...

    def exit_code(self) -> int | None: ...
    def out_of_memory(self) -> bool: ...

    def listeners(self) -> tuple[Listener, ...]:
        """The sockets on which any of its processes listens."""
        ...

    def processor_seconds(self) -> float:
        """How much processor time all of its processes have used so far."""
        ...

    def logs(self) -> str:
        """What it wrote so far."""
        ...


def watch(space: BootingSpace, path: str, *, host: str, began: float, window: StartWindow) -> BootResult:
    """Wait until a boot's outcome is certain, at most until the `window` from `began` (monotonic) is over.

    It is asked by the `host` that it has on the platform.
    """
    call = _Call(space.address, path, host)
    return replace(_watch(space, call, began, window.here), window=window)


def _watch(space: BootingSpace, asking: _Call, began: float, timeout: float) -> BootResult:
    sockets = _Sockets(space.port, idle_from=timeout / 2)
    next_look, next_read = FIRST_LOOK, FIRST_READ
    with closing(asking) as call:
        while True:
            ended = space.ended(within=POLL)
            seconds = time.monotonic() - began
            if ended:
                return BootResult(
                    seconds, space.port, Cause.EXITED, space.exit_code(), out_of_memory=space.out_of_memory()
                )
            if call.answered() and (boot := _served(space, time.monotonic() - began)):
                return boot
            late = seconds >= timeout
            if late or seconds >= next_look:
                sockets.look(seconds, space, turned_away=call.turned_away)
                next_look = seconds + LOOK_EVERY
            if late or seconds >= next_read:
                next_read = seconds + READ_EVERY
                if (times := restarts(space.logs())) >= ENOUGH:
                    return BootResult(seconds, space.port, Cause.RESPAWNING, restarts=times)
            if late or sockets.certain:
                listeners, idle = sockets.seen, sockets.idle
                return BootResult(seconds, space.port, sockets.cause, listeners=listeners, idle=idle)


def cause(listeners: tuple[Listener, ...], port: int) -> Cause:
    """Return why nothing answers on `port` while these sockets are open."""
    there = [listener for listener in listeners if listener.port == port]
    if there:
        return Cause.LOOPBACK if all(listener.loopback for listener in there) else Cause.SILENT
    return Cause.OTHER_PORT if listeners else Cause.SILENT


def _served(space: BootingSpace, seconds: float) -> BootResult | None:
    """Return what an answer shows; None when somebody else gave it."""
    if not space.shares_loopback:
        return BootResult(seconds, space.port)
    listeners = tuple(listener for listener in space.listeners() if listener.port == space.port)
    if not listeners:
        return None
    if cause(listeners, space.port) is Cause.LOOPBACK:
        return BootResult(seconds, space.port, Cause.LOOPBACK, listeners=listeners)
    return BootResult(seconds, space.port)


@dataclass
class _Sockets:
    """The sockets seen so far, and for how long they have been the same ones."""

    port: int
    idle_from: float  # seconds from which on it is looked whether anything works
    seen: tuple[Listener, ...] = ()
    turned_away: bool = False  # the last call came to nobody
    idle: bool = False
    _since: float = 0.0
    _at: float = 0.0
    _processor: float | None = None

    def look(self, at: float, space: BootingSpace, *, turned_away: bool) -> None:
        listeners = space.listeners()
        elsewhere = self.cause is Cause.OTHER_PORT
        busy = (elsewhere or at >= self.idle_from) and self._is_busy(at, space)
        if listeners != self.seen or turned_away != self.turned_away or (elsewhere and busy):
            self._since = at
        self.idle = at >= self.idle_from and not busy
        self.seen, self.turned_away, self._at = listeners, turned_away, at

    def _is_busy(self, at: float, space: BootingSpace) -> bool:
        """Whether it has worked since the last look; not known at the first one, which is taken for yes."""
        used, before = space.processor_seconds(), self._processor
        self._processor = used
        return before is None or used - before > BUSY * (at - self._at)

    @property
    def cause(self) -> Cause:
        found = cause(self.seen, self.port)
        there = [listener for listener in self.seen if listener.port == self.port]
        ipv6 = bool(there) and all(listener.ipv6 for listener in there)
        return Cause.IPV6_ONLY if found is Cause.SILENT and ipv6 and self.turned_away else found

    @property
    def certain(self) -> bool:
        steady = self._at - self._since
        match self.cause:
            case Cause.LOOPBACK:
                return steady >= LOOPBACK_IS_CERTAIN
            case Cause.IPV6_ONLY:
                return steady >= IPV6_IS_CERTAIN
            case Cause.OTHER_PORT:
                return steady >= ELSEWHERE_IS_CERTAIN
            case _:
                return False


class _Call:
    """Asks over HTTP, one request at a time and none waited for longer than a poll."""

    def __init__(self, address: tuple[str, int] | None, path: str, host: str) -> None:
        self._address = address
        self._request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        self._socket: socket | None = None
        self.turned_away = False  # the last call was refused, or hung up on without a byte

    def answered(self) -> bool:
        """Whether an answer has begun; asks when no request is under way."""
        try:
            connection = self._connection()
            start = connection.recv(5)
        except TimeoutError:
            self.turned_away = False
            return False
        except OSError:
            self.turned_away = True
            self.close()
            return False
        self.turned_away = not start
        if start == b"HTTP/":
            self._drain(connection)
            return True
        self.close()
        return False

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connection(self) -> socket:
        if self._address is None:
            raise ConnectionError
        if self._socket is None:
            self._socket = create_connection(self._address, timeout=CONNECT)
            self._socket.sendall(self._request)
            self._socket.settimeout(ANSWER)
        return self._socket

    def _drain(self, connection: socket) -> None:
        connection.settimeout(DRAIN)
        with suppress(OSError):
            while connection.recv(65536):
                pass
        self.close()
