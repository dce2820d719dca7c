"""Boots of one Space, each in a new container of its image."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from threading import Condition
from typing import TYPE_CHECKING, Any

from spacedock import platform
from spacedock.confinement import confined
from spacedock.docks.boots import BootResult, BootSpec, Cause
from spacedock.docks.conditions import Egress, StartWindow
from spacedock.docks.environment import BootEnvironment
from spacedock.docks.image.accounting import Meter
from spacedock.docks.image.around import Around
from spacedock.docks.image.container import SpaceContainer
from spacedock.docks.image.events import ContainerEvents
from spacedock.docks.image.files import ImageFiles
from spacedock.docks.image.instance import ContainerInstance, Housekeeping
from spacedock.docks.image.limits import Limits
from spacedock.docks.image.place import Place
from spacedock.docks.image.sandboxes import Sandboxes, SandboxLease
from spacedock.docks.ready import watch

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

    from spacedock.docks.image.construction import BuiltImage
    from spacedock.edge.base import Edge
    from spacedock.space import Space

_PLATFORM_USER = f"{platform.USER_ID.value}:{platform.USER_ID.value}"
_CLOSED_AT_ONCE = 4
# With it a program that gets root, as a setuid one, writes packets that no rule of the sandbox sees.
_FORGES = "NET_RAW"


@dataclass(frozen=True)
class Setting:
    """What all boots of a Space have in common."""

    space: Space
    place: Place
    image: BuiltImage
    files: ImageFiles
    limits: Limits
    egress: Egress
    window: StartWindow
    environment: BootEnvironment
    sandboxes: Sandboxes
    events: ContainerEvents
    around: Around


class LeftError(Exception):
    """The dock was left while a boot was under way, or before it had begun."""


class Launcher:
    """Boots instances, from several threads at once if need be, and closes those that are left."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._open: list[ContainerInstance] = []
        self._lock = Condition()
        self._under_way = 0
        self._starting: list[SpaceContainer] = []
        self._left = False

    def boot(self, spec: BootSpec) -> ContainerInstance:
        """Boot the Space in a new container, and wait until it is ready or is known not to be.

        Raises LeftError, and leaves nothing, where `close` is called meanwhile.
        """
        with self._counted():
            return self._boot(spec)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            if self._left:
                raise LeftError
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._lock.notify_all()

    def _boot(self, spec: BootSpec) -> ContainerInstance:
        setting = self._setting
        port = spec.port or setting.space.app_port
        environment = setting.environment.environment(spec)
        sandbox = setting.sandboxes.take(spec.egress or setting.egress, port)
        with ExitStack() as undo:
            if sandbox:
                undo.callback(sandbox.close)
            container = self._container(spec, port, environment, sandbox)
            meter = Meter(container, setting.limits)
            undo.callback(meter.join)
            undo.callback(container.remove)
            boot = self._booted(container, meter)
            around = Housekeeping(
                meter,
                self._edge,
                setting.files.forbidden,
                self._brought(spec),
                sandbox,
                undo.pop_all(),
            )
        instance = ContainerInstance(container, spec, boot, environment, around)
        around.closing.callback(self._forget, instance)
        with self._lock:
            self._open.append(instance)
        return instance

    def close(self) -> None:
        """Close all that are open; boots that are under way end, and nobody waits for their Space."""
        with self._lock:
            self._left = True
            for container in self._starting:
                container.signal("KILL")
            self._lock.wait_for(lambda: not self._under_way)
        with ThreadPoolExecutor(_CLOSED_AT_ONCE, "close") as pool:
            for closing in [pool.submit(instance.close) for instance in tuple(self._open)]:
                closing.result()

    def _booted(self, container: SpaceContainer, meter: Meter) -> BootResult:
        began = time.monotonic()
        container.start()
        meter.start()
        with self._watched(container):
            space = self._setting.space
            ready = space.manifest.space.ready
            boot = watch(container, ready, host=space.host, began=began, window=self._setting.window)
        if boot.ready:  # more will follow
            self._setting.sandboxes.expect_another()
        if boot.cause is Cause.EXITED:
            meter.look()
            exceeded = meter.usage(out_of_memory=container.out_of_memory()).exceeded
            return replace(boot, exceeded="; ".join(exceeded))
        return replace(boot, processor_seconds=meter.first_look() if boot.ready else None)

    @contextmanager
    def _watched(self, container: SpaceContainer) -> Iterator[None]:
        """Let `close` end it meanwhile."""
        with self._lock:
            if self._left:
                raise LeftError
            self._starting.append(container)
        try:
            yield
        finally:
            with self._lock:
                self._starting.remove(container)
                left = self._left
        if left:
            raise LeftError

    def _edge(self, container: str, port: int) -> Edge:
        """Start one, and have whoever waits for the Space told where it ends by itself."""
        edge = self._setting.around.edge(container, port)
        self._setting.events.lean(container, edge.container, "the edge in front of the Space")
        return edge

    def _forget(self, instance: ContainerInstance) -> None:
        with self._lock:
            if instance in self._open:
                self._open.remove(instance)

    def _container(
        self, spec: BootSpec, port: int, environment: dict[str, str], sandbox: SandboxLease | None
    ) -> SpaceContainer:
        setting = self._setting
        starter = setting.place.container(setting.image.tag, "space", env=environment)
        options = self._options(spec)
        if sandbox:
            options["network_mode"] = sandbox.network_mode
        else:
            starter.with_network(setting.place.network).with_exposed_ports(port)
        starter.with_kwargs(**options)
        if spec.env_file:
            self._put_env_file(starter)
        return SpaceContainer(
            starter, port, events=setting.events, read_beside=setting.around.read, sandbox=sandbox
        )

    def _options(self, spec: BootSpec) -> dict[str, Any]:
        return {
            **self._setting.limits.options(),
            **confined(self._setting.place.run),
            "cap_drop": [_FORGES],
            "platform": platform.ARCHITECTURE.value,
            "use_config_proxy": False,  # the developer's own, which would be in the Space's environment
            **({"user": _PLATFORM_USER} if spec.user == "platform" else {}),
        }

    def _put_env_file(self, starter: DockerContainer) -> None:
        text = self._setting.environment.env_file().encode()
        starter.with_copy_into_container(text, self._env_file)

    def _brought(self, spec: BootSpec) -> tuple[str, ...]:
        return (self._env_file,) if spec.env_file else ()

    @property
    def _env_file(self) -> str:
        return f"{self._setting.image.workdir}/.env"
