"""One running instance of a Space, in a container: watched, looked into, stopped and removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from spacedock.docks import proc
from spacedock.docks.boots import BootResult, BootSpec
from spacedock.docks.image.accounting import Meter, processes_of
from spacedock.docks.image.container import GONE, SpaceContainer
from spacedock.docks.image.files import FileChange, changes_of
from spacedock.docks.instance import Denial, Execution, Process, Stop, Usage

if TYPE_CHECKING:
    from spacedock.docks.image.sandboxes import SandboxLease
    from spacedock.edge.base import Edge

_KILL = 10.0  # seconds that the engine gets to report a SIGKILL's effect


@dataclass(frozen=True)
class Housekeeping:
    """What an instance's container has around it."""

    meter: Meter
    edge: Callable[[str, int], Edge]  # starts one in front of a container's port
    forbidden: Callable[
        [tuple[FileChange, ...]], tuple[str, ...]
    ]  # those that the platform's user may not make
    brought: tuple[str, ...]  # paths that the dock itself puts into the container
    sandbox: SandboxLease | None  # whose network it joins; it has one of its own where there is none
    closing: ExitStack  # removes the container and what belongs to it


class ContainerInstance:
    """A Space whose boot is over, in a container."""

    def __init__(
        self,
        container: SpaceContainer,
        spec: BootSpec,
        boot: BootResult,
        environment: Mapping[str, str],
        around: Housekeeping,
    ) -> None:
        self._container = container
        self._around = around
        self._edge: Edge | None = None
        self._edge_is_asked_for = Lock()
        self._changes: tuple[FileChange, ...] = ()
        self.spec = spec
        self.boot = boot
        self.environment = environment

    @property
    def url(self) -> str:
        host, port = self._container.address or ("127.0.0.1", self._container.port)
        return f"http://{host}:{port}"

    def logs(self) -> str:
        return self._container.logs()

    def follow(self) -> Iterator[str]:
        return self._container.follow()

    def alive(self) -> bool:
        return not self._container.ended(within=0)

    def ended(self, within: float) -> bool:
        return self._container.ended(within)

    def exit_code(self) -> int | None:
        return self._container.exit_code()

    def out_of_memory(self) -> bool:
        return self._container.out_of_memory()

    def identity(self) -> int | None:
        return proc.user_id(self._container.status())

    def processes(self) -> tuple[Process, ...]:
        with suppress(*GONE):
            return processes_of(self._container.wrapped)
        return ()

    def usage(self) -> Usage:
        self._around.meter.look()
        return self._around.meter.usage(out_of_memory=self.out_of_memory())

    def changes(self) -> tuple[str, ...]:
        with suppress(*GONE):
            self._changes = changes_of(self._container.wrapped, without=self._around.brought)
        return tuple(change.path for change in self._changes)

    def forbidden(self) -> tuple[str, ...]:
        self.changes()
        return self._around.forbidden(self._changes)

    def denials(self) -> tuple[Denial, ...]:
        return self._around.sandbox.denials() if self._around.sandbox else ()

    def edge(self) -> Edge:
        with self._edge_is_asked_for:
            if self._edge is None:
                self._edge = self._around.edge(self._container.id, self._container.port)
        return self._edge

    @property
    def shell(self) -> str:
        return f"docker exec -it {self._container.wrapped.short_id} sh"

    def execute(self, *command: str) -> Execution:
        return self._container.execute(*command)

    def stop(self, grace: float, meanwhile: Callable[[], None] | None = None) -> Stop:
        if not self.alive():
            return Stop(0.0, self.exit_code(), killed=False)
        self._around.meter.look_at_memory()
        heard = proc.hears_sigterm(self._container.status())
        began = time.monotonic()
        self._container.signal("SIGTERM")
        if meanwhile:
            meanwhile()
        killed = not self._container.ended(within=max(0.0, began + grace - time.monotonic()))
        seconds = time.monotonic() - began
        if killed:
            self._container.signal("SIGKILL")
            self._container.ended(within=_KILL)
        return Stop(seconds, self.exit_code(), killed, unheard=not heard)

    def close(self) -> None:
        self._around.meter.last_look()
        self._container.let_go()
        if self._edge:
            self._edge.close()
        self._around.closing.close()
