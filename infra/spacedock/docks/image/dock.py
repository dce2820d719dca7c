"""The dock that is nearest to Hugging Face: the Space's own image, built and run by a Docker engine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass

from spacedock.docks.alongside import Alongside, service_modules
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import AS_OBSERVED, Conditions, StartWindow
from spacedock.docks.environment import BootEnvironment
from spacedock.docks.image.around import Around
from spacedock.docks.image.build import mounted_secrets, wants_services
from spacedock.docks.image.construction import BuiltImage, Construction
from spacedock.docks.image.events import ContainerEvents
from spacedock.docks.image.files import ImageFiles
from spacedock.docks.image.launch import Launcher, Setting
from spacedock.docks.image.limits import Limits
from spacedock.docks.image.network import RunNetwork
from spacedock.docks.image.opened import OpenImageDock, factory
from spacedock.docks.image.place import Place
from spacedock.docks.image.sandboxes import Sandboxes
from spacedock.engine import Engine
from spacedock.images.supply import Supply
from spacedock.progress import Progress
from spacedock.runs import RUN_LABEL, OpenRun
from spacedock.services.base import Service
from spacedock.services.faults import network
from spacedock.space import Space


@dataclass(frozen=True)
class Prepared:
    """A Space that is built, beside its services."""

    image: BuiltImage
    services: Mapping[str, Service]
    environment: BootEnvironment


class ImageDock:
    """Boots a Space in containers of its image. A context manager: entering builds it."""

    name = OpenImageDock.name
    capabilities = frozenset(Capability)
    shares_ports = OpenImageDock.shares_ports

    def __init__(
        self,
        space: Space,
        run: OpenRun,
        progress: Progress,
        conditions: Conditions = AS_OBSERVED,
        *,
        boot_timeout: float | None = None,
    ) -> None:
        self.conditions = conditions
        self._space = space
        self._run = run
        self._progress = progress
        self._window = StartWindow(space.startup_seconds, conditions.time_scale)
        if boot_timeout is not None:
            self._window = StartWindow(boot_timeout)
        self._stack = ExitStack()

    def __enter__(self) -> OpenImageDock:
        """Raises EngineError where no engine answers, SpaceBuildError where the Space does not build."""
        with ExitStack() as stack:
            engine = stack.enter_context(closing(Engine.connect()))
            stack.enter_context(engine.told_when_lost())
            opened = self._open(engine, stack)
            self._stack = stack.pop_all()
        return opened

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _open(self, engine: Engine, stack: ExitStack) -> OpenImageDock:
        engine.sweep()
        limits = self._limits_on(engine)
        events = stack.enter_context(ContainerEvents(engine, f"{RUN_LABEL}={self._run.id}"))
        place = self._place_on(engine, stack)
        construction = Construction.of(self._space, place, self._progress)
        stack.callback(construction.close)
        modules = service_modules(self._space)
        factories = {name: factory(module, place) for name, module in modules.items()}
        alongside = stack.enter_context(Alongside(factories, self._progress))
        sandboxes = stack.enter_context(self._sandboxes_at(place))
        prepared = self._prepare(construction, alongside, stack)
        sandboxes.find_out()
        setting = self._setting(place, prepared, limits, sandboxes, events)
        launcher = stack.enter_context(closing(Launcher(setting)))
        proxies = stack.enter_context(
            closing(network.in_container(place.network, place.network.free, place.supply, place.run))
        )
        return OpenImageDock(setting, launcher, prepared.services, alongside, proxies, self.conditions)

    def _place_on(self, engine: Engine, stack: ExitStack) -> Place:
        supply = Supply(engine, self._progress)
        engine.enter_reaper(supply)
        return Place(engine, supply, stack.enter_context(RunNetwork(self._run)), self._run)

    def _limits_on(self, engine: Engine) -> Limits:
        manifest = self._space.manifest
        return Limits.of(
            manifest.space.hardware,
            engine.client.info(),
            memory_gb=manifest.dock.memory_gb,
            disk_gb=manifest.dock.disk_gb,
        )

    def _sandboxes_at(self, place: Place) -> Sandboxes:
        allow = self._space.manifest.egress.allow
        return Sandboxes(place, egress=self.conditions.egress, port=self._space.app_port, allow=allow)

    def _prepare(self, construction: Construction, alongside: Alongside, stack: ExitStack) -> Prepared:
        """Build while the services start; where the build takes a value of theirs, afterwards."""
        if not wants_services(self._space):
            image = construction.build({}, {}, stack)
            services = alongside.ready()
            return Prepared(image, services, BootEnvironment.load(self._space, services))
        services = alongside.ready()
        environment = BootEnvironment.load(self._space, services)
        values = environment.environment(AS_DEPLOYED)
        mounted = {name: values[name] for name in mounted_secrets(self._space)}
        return Prepared(construction.build(values, mounted, stack), services, environment)

    def _setting(
        self,
        place: Place,
        prepared: Prepared,
        limits: Limits,
        sandboxes: Sandboxes,
        events: ContainerEvents,
    ) -> Setting:
        client, run, image = place.engine.client, place.run, prepared.image
        return Setting(
            space=self._space,
            place=place,
            image=image,
            files=ImageFiles(client, image.tag, image.contents.config, run),
            limits=limits.bound(client, image.tag, run),
            egress=self.conditions.egress,
            window=self._window,
            environment=prepared.environment,
            sandboxes=sandboxes,
            events=events,
            around=Around(self._space, place),
        )
