"""A sandbox: a container that owns the network namespace of an instance, as a pod's does in Kubernetes.

It alone has NET_ADMIN. It installs the rules, answers the DNS, and holds the namespace with its address and
its published port; the Space's container joins and has no capability more than it would have without.

The engine's own resolver stays the Space's: it knows the names of the run's services, and asks the sandbox
for all others. It asks from within the namespace, and `dns` is an address that is not loopback, because
engines differ in where they take a loopback address to be. A rule leads it to the sandbox.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Condition, Lock, Thread
from typing import TYPE_CHECKING, Any, Literal

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from spacedock.confinement import start
from spacedock.docks.image import firewall
from spacedock.docks.image.published import published
from spacedock.docks.instance import Denial

if TYPE_CHECKING:
    from docker.models.containers import Container
    from testcontainers.core.container import DockerContainer

_PATIENCE = 30.0  # seconds that a sandbox gets to be ready
_LOOK = 5.0  # seconds that it gets to answer
_TAIL = 10  # of what it said last
_LARGEST = 8 << 20  # bytes of a line, which grows with what the Space tries; a longer one says nothing
_GONE = (DockerException, RequestException)


class Lacking(Exception):  # noqa: N818 - a fact about the engine that the dock goes on without
    """Why sandboxes cannot be had here."""


class NetworkSandbox:
    """A network namespace with rules. `start` installs them, `remove` ends it."""

    def __init__(self, container: DockerContainer, name_of: Callable[[str], str]) -> None:
        self.container = container
        self._name_of = name_of
        self._heard = _Heard()
        self._asked = 0
        self._lock = Lock()
        self._addresses: dict[int, tuple[str, int] | None] = {}

    @property
    def network_mode(self) -> str:
        """What a container is started with that joins."""
        return f"container:{self.container.get_container_id()}"

    @property
    def ended(self) -> bool:
        """Whether it is known to have ended, whoever ended it."""
        return self._heard.over

    def address(self, port: int) -> tuple[str, int] | None:
        """Where the harness reaches a port of who joined."""
        if port not in self._addresses:
            self._addresses[port] = published(self.container, port)
        return self._addresses[port]

    def start(self) -> None:
        """Start it and wait until its rules hold.

        Raises Lacking where the engine or its kernel has not what it takes.
        """
        try:
            start(self.container)
            self._heard.listen(self._wrapped.logs(stream=True, follow=True))
            self._await_ready()
        except APIError as error:
            self.remove()
            raise Lacking(str(error.explanation or error)) from error
        except BaseException:
            self.remove()
            raise

    def denials(self) -> tuple[Denial, ...] | None:
        """What was tried so far and denied; None where it does not tell."""
        said = self._ask("SIGUSR1")
        return self._denials_in(said) if said else None

    def sockets(self) -> str:
        """The kernel's tables of the TCP sockets in the namespace; empty where it does not tell."""
        return str(self._ask("SIGHUP").get("sockets", ""))

    def forget(self) -> tuple[tuple[Denial, ...] | None, bool]:
        """Begin anew, once who joined is gone: what was tried, and whether nothing of it is left here."""
        said = self._ask("SIGUSR2")
        return (self._denials_in(said), bool(said["clean"])) if said else (None, False)

    def remove(self) -> None:
        """Remove it as it stands. Never raises for one that is gone."""
        with suppress(*_GONE):
            self.container.stop()  # which removes it by force: nobody waits for a grace

    @property
    def _wrapped(self) -> Container:
        return self.container.get_wrapped_container()

    def _await_ready(self) -> None:
        said = self._heard.wait(lambda line: "ready" in line or "lacking" in line, _PATIENCE)
        if "ready" not in said:
            raise Lacking(str(said.get("lacking") or self._heard.tail()).strip())

    def _ask(self, signal: str) -> dict[str, Any]:
        """Return the answer to a signal; an empty one when none comes."""
        with self._lock, suppress(*_GONE):
            self._asked += 1
            asked = self._asked
            self._wrapped.kill(signal)
            return self._heard.wait(lambda line: line.get("look", 0) >= asked, _LOOK)
        return {}

    def _denials_in(self, said: dict[str, Any]) -> tuple[Denial, ...]:
        return tuple(sorted({self._denial(*item) for item in said["tried"]}, key=str))

    def _denial(self, host: str, port: int, protocol: Literal["tcp", "udp"], which: str) -> Denial:
        return Denial(
            self._name_of(host),
            port,
            protocol,
            platform=which != firewall.DENIED,
            ipv6=which == firewall.UNROUTED,
            blocked=which == firewall.BLOCKED,
        )


class _Heard:
    """What a sandbox says, line by line, as its log streams it."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=_TAIL)
        self._news = Condition()
        self._over = False

    def listen(self, log: Iterable[bytes]) -> None:
        """Take in the log from now on, in a thread that ends with it."""
        Thread(target=self._listen, args=(log,), name="hear a sandbox", daemon=True).start()

    def wait(self, wanted: Callable[[dict[str, Any]], bool], patience: float) -> dict[str, Any]:
        """Return the line that is wanted; an empty one when it does not come or the sandbox has ended."""
        with self._news:
            self._news.wait_for(lambda: self._over or self._find(wanted), patience)
            return self._find(wanted)

    @property
    def over(self) -> bool:
        """Whether nothing more will be heard."""
        return self._over

    def tail(self) -> str:
        """The last lines."""
        with self._news:
            return b"\n".join(self._lines).decode(errors="replace")

    def _find(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for line in reversed(self._lines):
            with suppress(ValueError):
                said = json.loads(line)
                if isinstance(said, dict) and wanted(said):
                    return said
        return {}

    def _listen(self, log: Iterable[bytes]) -> None:
        begun = bytearray()
        with suppress(*_GONE, OSError, ValueError):  # of a stream that is cut off
            for chunk in log:
                first, *others = chunk.split(b"\n")
                begun += first[: _LARGEST - len(begun)]
                if others:
                    *whole, last = others
                    self._take([bytes(begun), *whole])
                    begun = bytearray(last[:_LARGEST])
        with self._news:
            self._over = True
            self._news.notify_all()

    def _take(self, lines: list[bytes]) -> None:
        with self._news:
            self._lines.extend(lines)
            self._news.notify_all()
