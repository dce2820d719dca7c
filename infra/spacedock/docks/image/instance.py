"""A Space's container, watched, looked into, stopped and removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from docker.errors import APIError, DockerException
from docker.models.containers import Container
from requests.exceptions import RequestException
from testcontainers.core.container import DockerContainer
from testcontainers.core.exceptions import ContainerStartException

from spacedock import platform
from spacedock.docks import proc
from spacedock.docks.boots import BootResult, BootSpec
from spacedock.docks.image.accounting import FileChange, Meter, OomKills, changes_of, processes_of
from spacedock.docks.image.limits import Limits
from spacedock.docks.instance import Denial, Execution, Process, Stop, Usage
from spacedock.docks.ready import SocketLook
from spacedock.errors import EngineError

if TYPE_CHECKING:
    from spacedock.docks.image.sandbox import NetworkSandbox
    from spacedock.edge.base import Edge

# What the engine gives as exit code when a command is not there, or may not be executed.
_CANNOT_EXECUTE = frozenset({126, 127})
_KILL = 10.0  # seconds that the engine gets to report a SIGKILL's effect

# What is raised for a container that was never made or is gone, and by an engine that went away.
_GONE = (ContainerStartException, DockerException, RequestException)


@dataclass(frozen=True)
class Surroundings:
    """What a dock does for its instances, given the id of an instance's container."""

    read: Callable[[str, tuple[str, ...]], str]  # files, for an image that has no `cat`
    edge: Callable[[str, int], Edge]  # starts one in front of a port
    limits: Limits
    oom_kills: OomKills
    forbidden: Callable[
        [tuple[FileChange, ...]], tuple[str, ...]
    ]  # those that the platform's user may not make
    brought: tuple[str, ...] = ()  # paths that the dock itself puts into the container
    sandbox: NetworkSandbox | None = None  # whose network it joins; it has one of its own where there is none


class ContainerInstance:
    """One running instance of a Space, in a container."""

    shares_loopback = False
    boot: BootResult

    def __init__(
        self,
        container: DockerContainer,
        spec: BootSpec,
        port: int,
        environment: Mapping[str, str],
        around: Surroundings,
    ) -> None:
        self._starter = container
        self._sandbox = around.sandbox
        self._around = around
        self._edge: Edge | None = None
        self._edge_is_asked_for = Lock()
        self._over = Event()
        self._exit_code: int | None = None
        self._out_of_memory = False
        self._meter = Meter(
            lambda: self._container,
            read=self._read,
            oom_kills=around.oom_kills,
            limits=around.limits,
            over=self._over,
        )
        self._changes: tuple[FileChange, ...] = ()
        self._refusal = ""
        self._last_logs: str | None = None
        self._watcher = Thread(target=self._await_end, name=f"watch {spec.purpose}", daemon=True)
        self.address: tuple[str, int] | None = None
        self.spec = spec
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
        self._meter.start()
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

    def processes(self) -> tuple[Process, ...]:
        with suppress(*_GONE):
            return processes_of(self._container)
        return ()

    def usage(self) -> Usage:
        self._meter.look()
        return self._meter.usage(out_of_memory=self._out_of_memory)

    def changes(self) -> tuple[str, ...]:
        with suppress(*_GONE):
            self._changes = changes_of(self._container, without=self._around.brought)
        return tuple(change.path for change in self._changes)

    def forbidden(self) -> tuple[str, ...]:
        self.changes()
        return self._around.forbidden(self._changes)

    def denials(self) -> tuple[Denial, ...]:
        return self._sandbox.denials() if self._sandbox else ()

    def edge(self) -> Edge:
        with self._edge_is_asked_for:
            if self._edge is None:
                self._edge = self._around.edge(self._starter.get_container_id(), self.port)
        return self._edge

    @property
    def shell(self) -> str:
        return f"docker exec -it {self._container.short_id} sh"

    def execute(self, *command: str) -> Execution:
        code, output = self._starter.exec(list(command))
        written = output.decode(errors="replace") if isinstance(output, bytes) else ""
        return Execution(-1 if code is None else code, written)  # none where the container ended meanwhile

    def stop(self, grace: float, meanwhile: Callable[[], None] | None = None) -> Stop:
        if not self.alive():
            return Stop(0.0, self._exit_code, killed=False)
        self._meter.look_at_memory()
        heard = proc.hears_sigterm(self._read(proc.STATUS))
        began = time.monotonic()
        self._signal("SIGTERM")
        if meanwhile:
            meanwhile()
        killed = not self.ended(within=max(0.0, began + grace - time.monotonic()))
        seconds = time.monotonic() - began
        if killed:
            self._signal("SIGKILL")
            self.ended(within=_KILL)
        return Stop(seconds, self._exit_code, killed, unheard=not heard)

    def close(self) -> None:
        self._last_logs = self.logs()
        self._meter.last_look()
        if self._edge:
            self._edge.close()
        with suppress(*_GONE):
            self._container.remove(force=True, v=True)
        if self._sandbox:
            self._sandbox.close()
        if self._watcher.ident:
            self._watcher.join(_KILL)
        self._meter.join()
        self._starter.get_docker_client().client.close()

    def ended(self, within: float) -> bool:
        return self._over.wait(within)

    def exit_code(self) -> int | None:
        return self._exit_code

    def out_of_memory(self) -> bool:
        return self._out_of_memory

    def exceeded(self) -> str:
        """The limit that ended it, in the platform's words; empty where none did."""
        return "; ".join(self.usage().exceeded)

    def look(self) -> SocketLook:
        text = self._read(*proc.SOCKETS, *proc.PROCESSOR)
        return SocketLook(proc.listeners(text), proc.processor_seconds(text) or 0.0)

    @property
    def _container(self) -> Container:
        return self._starter.get_wrapped_container()

    def _await_end(self) -> None:
        with suppress(*_GONE):
            self._exit_code = int(self._container.wait()["StatusCode"])
            self._container.reload()
            killed = self._container.attrs["State"]["OOMKilled"]  # engines differ in whether a child counts
            self._out_of_memory = killed and self._exit_code == platform.OOM_EXIT_CODE.value
        self._over.set()

    def _find_address(self) -> tuple[str, int] | None:
        door = self._sandbox.container if self._sandbox else self._starter
        client = door.get_docker_client()
        host = door.get_container_host_ip()
        # A published port has a number of its own in IPv6, which may be another container's in IPv4.
        host = "127.0.0.1" if host == "localhost" else host
        if not client.get_connection_mode().use_mapped_port:
            return host, self.port
        try:
            return host, int(client.port(door.get_container_id(), self.port))
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
                return self._around.read(self._starter.get_container_id(), paths)
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
