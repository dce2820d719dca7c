"""The process dock once it is entered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from spacedock.docks.alongside import Alongside, service_module
from spacedock.docks.boots import BootSpec, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import Conditions, StartWindow
from spacedock.docks.environment import BootEnvironment
from spacedock.docks.process.instance import ProcessInstance, SpaceProcess
from spacedock.docks.process.ports import require_free
from spacedock.docks.ready import watch
from spacedock.services.faults import network, openai

if TYPE_CHECKING:
    from concurrent.futures import Future
    from contextlib import AbstractContextManager
    from types import ModuleType

    from spacedock.docks.image_facts import FileInspector, ImageAdditions, Sighting
    from spacedock.docks.process.installation import Installation
    from spacedock.runs import OpenRun
    from spacedock.services.base import Service
    from spacedock.services.faults.network import NetworkFaults
    from spacedock.services.faults.openai import OpenAIFaults
    from spacedock.space import Space


class OpenProcessDock:
    """Boots a Space as a process of this machine."""

    name = "process"
    capabilities = frozenset(
        {
            Capability.FILES,
            Capability.BOOT,
            Capability.VARY,
            Capability.LOGS,
            Capability.SIGNALS,
            Capability.SERVICES,
        }
    )
    shares_ports = True

    def __init__(  # noqa: PLR0913, PLR0917 - what entering the dock has come to, complete
        self,
        space: Space,
        run: OpenRun,
        installation: Installation,
        environment: BootEnvironment,
        services: Mapping[str, Service],
        alongside: Alongside,
        conditions: Conditions,
        window: StartWindow,
    ) -> None:
        self._space = space
        self._run = run
        self._installation = installation
        self._environment = environment
        self._alongside = alongside
        self._window = window
        self._numbers = count(1)
        self._stack = ExitStack()
        self._proxies = network.in_process(run)
        self._stack.callback(self._proxies.close)
        self.services = services
        self.conditions = conditions

    @property
    def header(self) -> tuple[str, ...]:
        """What is different here from the Space's image."""
        told = (line for service in self.services.values() for line in service.header)
        return (*self._installation.header(), *self._window.header(), *told)

    @property
    def not_carried_out(self) -> tuple[str, ...]:
        """What the image's build does beyond copying files and `pip install`, and a base that is not here."""
        return tuple(self._installation.not_carried_out())

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        return self._environment.canaries

    def boot(self, spec: BootSpec) -> ProcessInstance:
        """Boot the Space in a fresh copy of its files. Raises BootError when its port is taken."""
        port = spec.port or self._space.app_port
        require_free(port)
        given = self._environment.environment(spec)
        folder = self._installation.folder / f"instance-{next(self._numbers)}"
        env_file = self._environment.env_file() if spec.env_file else None
        start = self._installation.stage(folder, given, env_file)
        process = SpaceProcess(start, port, self._run.adopt)
        began = time.monotonic()  # it has just been started; its keeper is nothing that the platform has
        self._stack.callback(process.close)
        ready, host = self._space.manifest.space.ready, self._space.host
        boot = watch(process, ready, host=host, began=began, window=self._window)
        boot = replace(boot, processor_seconds=process.processor_seconds() or None)
        if boot.cause is Cause.EXITED:
            process.close()  # as a container's, its other processes end with the first
        return ProcessInstance(process, spec, boot, given)

    def start(self, service: str) -> Service:
        """Start one more service beside the Space, or return the one that runs."""
        return self._alongside.add(service, factory(service_module(service), self._run))

    def model_bay(self, name: str) -> tuple[OpenAIFaults, tuple[tuple[str, str], ...]]:
        """A bay of the OpenAI double, which is made at the first call."""
        return openai.model_bay(self._alongside.running, self._space.manifest.sources, name)

    def faults(self) -> AbstractContextManager[NetworkFaults]:
        """Proxies that nobody else meets, for as long as they are entered."""
        return self._proxies.bay(self._alongside.running, self._space.manifest.sources)

    def image_identity(self) -> None:
        """None: no image is here."""

    def made(self) -> ImageAdditions:
        raise NotImplementedError("no image is built here")

    def search(self, look: FileInspector, rules: str) -> Future[tuple[Sighting, ...]]:
        raise NotImplementedError("no image is built here")

    def close(self) -> None:
        """End all instances, and what they left on this machine."""
        self._stack.close()
        self._run.clean_up()


def factory(module: ModuleType, run: OpenRun) -> Callable[[], Service]:
    """Return what makes a service of `module` on this machine."""

    def make() -> Service:
        service: Service = module.in_process(run)
        return service

    return make
