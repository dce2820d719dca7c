"""A Space's container, watched, looked into, stopped and removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from docker.errors import APIError, DockerException
from docker.models.containers import Container
from requests.exceptions import RequestException
from testcontainers.core.container import DockerContainer
from testcontainers.core.exceptions import ContainerStartException

from spacedock.docks import proc
from spacedock.docks.base import Boot, Denial, Execution, Order, Stop, Usage
from spacedock.docks.ready import Look
from spacedock.errors import EngineError

if TYPE_CHECKING:
    from spacedock.edge.base import Edge

# What the engine gives as exit code when a command is not there, or may not be executed.
_CANNOT_EXECUTE = frozenset({126, 127})
_KILL = 10.0  # seconds that the engine gets to report a SIGKILL's effect

# What is raised for a container that was never made or is gone, and by an engine that went away.
_GONE = (ContainerStartException, DockerException, RequestException)

Neighbour = Callable[[str, tuple[str, ...]], str]


class ContainerBerth:
    """One running instance of a Space, in a container."""

    shares_loopback = False
    boot: Boot

    def __init__(
        self,
        container: DockerContainer,
        order: Order,
        port: int,
        environment: Mapping[str, str],
        neighbour: Neighbour,
    ) -> None:
        self._starter = container
        self._neighbour = neighbour
        self._over = Event()
        self._exit_code: int | None = None
        self._refusal = ""
        self._last_logs: str | None = None
        self._watcher = Thread(target=self._await_end, name=f"watch {order.purpose}", daemon=True)
        self.address: tuple[str, int] | None = None
        self.order = order
        self.port = port
        self.environment = environment

    def start(self) -> None:
        """Create and start the container. Raises EngineError when the engine refuses to create it."""
        try:
            self._starter.start()
        except APIError as error:
            self._take_refusal(error)
            return
        self._watcher.start()
        self.address = self._find_address()

    @property
    def url(self) -> str:
        host, port = self.address or ("127.0.0.1", self.port)
        return f"http://{host}:{port}"

    def logs(self) -> str:
        if self._last_logs is not None:
            return self._last_logs
        written = b""
        with suppress(*_GONE):
            written = self._container.logs()
        return self._refusal + written.decode(errors="replace")

    def follow(self) -> Iterator[str]:
        begun = b""
        for chunk in self._container.logs(stream=True, follow=True):
            *lines, begun = (begun + chunk).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
        if begun:
            yield begun.decode(errors="replace")

    def alive(self) -> bool:
        return not self._over.is_set()

    def identity(self) -> int | None:
        return proc.user_id(self._read(proc.STATUS))

    def usage(self) -> Usage:
        return Usage()

    def changes(self) -> tuple[str, ...]:
        return ()

    def denials(self) -> tuple[Denial, ...]:
        return ()

    def edge(self) -> Edge:
        raise NotImplementedError("to come")

    def execute(self, *command: str) -> Execution:
        code, output = self._starter.exec(list(command))
        written = output.decode(errors="replace") if isinstance(output, bytes) else ""
        return Execution(-1 if code is None else code, written)  # none where the container ended meanwhile

    def stop(self, grace: float) -> Stop:
        if not self.alive():
            return Stop(0.0, self._exit_code, killed=False)
        heard = proc.hears_sigterm(self._read(proc.STATUS))
        began = time.monotonic()
        self._signal("SIGTERM")
        killed = not self.ended(within=grace)
        seconds = time.monotonic() - began
        if killed:
            self._signal("SIGKILL")
            self.ended(within=_KILL)
        return Stop(seconds, self._exit_code, killed, unheard=not heard)

    def close(self) -> None:
        self._last_logs = self.logs()
        with suppress(*_GONE):
            self._container.remove(force=True, v=True)
        if self._watcher.ident:
            self._watcher.join(_KILL)
        self._starter.get_docker_client().client.close()

    def ended(self, within: float) -> bool:
        return self._over.wait(within)

    def exit_code(self) -> int | None:
        return self._exit_code

    def out_of_memory(self) -> bool:
        with suppress(*_GONE):
            self._container.reload()
            return bool(self._container.attrs["State"]["OOMKilled"])
        return False

    def look(self) -> Look:
        text = self._read(*proc.SOCKETS, *proc.PROCESSOR)
        return Look(proc.listeners(text), proc.processor_seconds(text) or 0.0)

    @property
    def _container(self) -> Container:
        return self._starter.get_wrapped_container()

    def _await_end(self) -> None:
        with suppress(*_GONE):
            self._exit_code = int(self._container.wait()["StatusCode"])
        self._over.set()

    def _find_address(self) -> tuple[str, int] | None:
        client = self._starter.get_docker_client()
        host = self._starter.get_container_host_ip()
        # A published port has a number of its own in IPv6, which may be another container's in IPv4.
        host = "127.0.0.1" if host == "localhost" else host
        if not client.get_connection_mode().use_mapped_port:
            return host, self.port
        try:
            return host, int(client.port(self._starter.get_container_id(), self.port))
        except (ConnectionError, APIError):  # it is dead already
            return None

    def _take_refusal(self, error: APIError) -> None:
        """Take a command that cannot be executed for what it is on the platform: an exit."""
        with suppress(*_GONE):
            self._container.reload()
            self._exit_code = self._container.attrs["State"]["ExitCode"]
        if self._exit_code not in _CANNOT_EXECUTE:
            raise _refused(error) from error
        self._refusal = f"{error.explanation}\n"
        self._over.set()

    def _read(self, *paths: str) -> str:
        """Return what files hold as the Space's processes see them; those that do not exist are left out."""
        try:
            code, output = self._starter.exec(["cat", *paths])
            if code in _CANNOT_EXECUTE:
                return self._neighbour(self._starter.get_container_id(), paths)
            return output.decode(errors="replace") if isinstance(output, bytes) else ""
        except _GONE:
            return ""

    def _signal(self, name: str) -> None:
        with suppress(APIError):  # it is dead
            self._container.kill(name)


def _refused(error: APIError) -> EngineError:
    return EngineError(
        f"the engine does not start the Space's container: {error.explanation}",
        remedy="mend what the engine names; `spacedock clean` removes what earlier runs left",
    )
