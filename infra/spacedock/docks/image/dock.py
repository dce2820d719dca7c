"""The dock that is nearest to Hugging Face: the Space's own image, built and run by a Docker engine."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Self

from docker.errors import DockerException
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from spacedock import platform
from spacedock.docks.alongside import Alongside, service_module, service_modules
from spacedock.docks.boots import BootSpec, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import AS_OBSERVED, Conditions, StartWindow
from spacedock.docks.context import lay_out
from spacedock.docks.environment import BootEnvironment
from spacedock.docks.image.accounting import (
    FileChange,
    Files,
    OomKills,
    files_of,
    forbidden,
    identity_of,
)
from spacedock.docks.image.build import (
    mounted_secrets,
    public_arguments,
    remedy,
    require_architecture,
    substitute,
    wants_services,
)
from spacedock.docks.image.contents import Contents
from spacedock.docks.image.instance import ContainerInstance, Surroundings
from spacedock.docks.image.limits import Limits
from spacedock.docks.image.network import RunNetwork
from spacedock.docks.image.sandbox import NetworkSandbox, Sandboxes
from spacedock.docks.image_facts import FileInspector, Identity, ImageAdditions, Sighting
from spacedock.docks.ready import watch
from spacedock.edge.base import Edge
from spacedock.edge.nginx import NginxEdge, Site
from spacedock.engine import Engine
from spacedock.errors import BuildError, NoSuchImageError, SpaceBuildError
from spacedock.images.supply import Image, Supply
from spacedock.progress import Progress
from spacedock.runs import RUN_LABEL, Run
from spacedock.services.base import Service
from spacedock.services.faults import network
from spacedock.services.faults.network import NetworkFaults
from spacedock.space import Base, Space

_PLATFORM_USER = f"{platform.USER_ID.value}:{platform.USER_ID.value}"
_CLOSED_AT_ONCE = 4


class ImageDock:
    """Boots a Space in containers of its image."""

    name = "image"
    capabilities = frozenset(Capability)
    shares_ports = False

    def __init__(
        self,
        space: Space,
        run: Run,
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
        self.image = f"hf-spacedock/space:{run.id}-{secrets.token_hex(3)}"
        self._instances: list[ContainerInstance] = []
        self._notes: list[str] = []
        self._stack = ExitStack()
        self._engine: Engine
        self._supply: Supply
        self._network: Network
        self._limits: Limits
        self._oom_kills: OomKills
        self._sandboxes: Sandboxes
        self._boot_environment: BootEnvironment
        self._alongside: Alongside
        self._contents: Contents
        self._workdir = "/"
        self.services: Mapping[str, Service] = {}

    @property
    def header(self) -> tuple[str, ...]:
        """The engine, the hardware, the stand-ins, the services."""
        return (
            self._engine.description,
            *self._limits.header(),
            *self._window.header(),
            *self._sandboxes.header(),
            *self._notes,
        )

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        return self._boot_environment.canaries

    def boot(self, spec: BootSpec) -> ContainerInstance:
        """Boot the Space in a new container. May be called from several threads at once."""
        port = spec.port or self._space.app_port
        environment = self._boot_environment.environment(spec)
        sandbox = self._sandboxes.take(spec.egress or self.conditions.egress, port)
        container = self._container(spec, port, environment, sandbox)
        around = self._surroundings(spec, sandbox)
        instance = ContainerInstance(container, spec, port, environment, around)
        self._instances.append(instance)
        began = time.monotonic()
        try:
            instance.start()
            path = self._space.manifest.space.ready
            instance.boot = watch(instance, path, began=began, window=self._window)
            if instance.boot.cause is Cause.EXITED:
                instance.boot = replace(instance.boot, exceeded=instance.exceeded())
        except BaseException:
            instance.close()
            raise
        return instance

    def start(self, service: str) -> Service:
        """Start one more service beside the Space, or return the one that runs."""
        return self._alongside.add(service, self._factory(service_module(service)))

    def faults(self) -> NetworkFaults:
        """Proxies in a container on the Space's network, for as long as they are entered."""
        sources = self._space.manifest.sources
        return network.in_container(self._alongside.running, sources, self._network, self._supply, self._run)

    def made(self) -> ImageAdditions:
        """What the Space's image adds to its base."""
        return self._contents.made

    def search(self, look: FileInspector, rules: str) -> Future[tuple[Sighting, ...]]:
        """Begin to look into each file that the image adds to its base."""
        return self._contents.search(look, rules)

    def _container(
        self, spec: BootSpec, port: int, environment: Mapping[str, str], sandbox: NetworkSandbox | None
    ) -> DockerContainer:
        options = {
            **self._limits.options(),
            "labels": self._run.labels,
            "platform": platform.ARCHITECTURE.value,
            "use_config_proxy": False,  # the developer's own, which would be in the Space's environment
        }
        if spec.user == "platform":
            options["user"] = _PLATFORM_USER
        container = DockerContainer(self.image, env=dict(environment))
        container.image = self.image  # testcontainers puts the prefix of a private registry in front
        if sandbox:
            options["network_mode"] = sandbox.network_mode
        else:
            container.with_network(self._network).with_exposed_ports(port)
        container.with_kwargs(**options)
        if spec.env_file:
            container.with_copy_into_container(
                self._boot_environment.env_file().encode(), f"{self._workdir}/.env"
            )
        return container

    def image_identity(self) -> Identity:
        """Whom the image runs as by itself, read from its settings and files."""
        return self._identity

    @cached_property
    def _identity(self) -> Identity:
        with self._files() as files:
            return identity_of(self._contents.config, files)

    def _files(self) -> AbstractContextManager[Files]:
        return files_of(self._engine.client, self.image, self._run.labels)

    def _surroundings(self, spec: BootSpec, sandbox: NetworkSandbox | None) -> Surroundings:
        brought = (f"{self._workdir}/.env",) if spec.env_file else ()
        return Surroundings(
            self._read_beside,
            self._put_edge_in_front,
            self._limits,
            self._oom_kills,
            self._forbidden,
            brought,
            sandbox,
        )

    def _forbidden(self, changes: tuple[FileChange, ...]) -> tuple[str, ...]:
        with self._files() as files:
            return tuple(forbidden(changes, files, platform.USER_ID.value))

    def _put_edge_in_front(self, container: str, port: int) -> Edge:
        """Start the platform's proxy in front of a Space's container."""
        host = self._engine.address_in(self._network.name, container)
        about = self._space.manifest.space
        site = Site(about.id, f"{host}:{port}", private=about.visibility == "private")
        edge = NginxEdge(site, self._network, self._supply, self._run).__enter__()
        if edge.header not in self._notes:
            self._notes.append(edge.header)
        return edge

    def _read_beside(self, container: str, paths: tuple[str, ...]) -> str:
        """Read files for an image without `cat`, from a container that shares its network and processes."""
        beside = self._engine.client.containers.create(
            self._supply.pinned("python").tag,
            ["sh", "-c", 'cat "$@" 2>/dev/null || true', "sh", *map(_beside, paths)],
            network_mode=f"container:{container}",
            pid_mode=f"container:{container}",
            cap_add=["SYS_PTRACE"],  # to see the root directory of another user's process
            labels=self._run.labels,
        )
        try:
            beside.start()  # fails where the Space's container has died meanwhile
            beside.wait()
            return beside.logs(stderr=False).decode(errors="replace")
        finally:
            with suppress(DockerException):
                beside.remove(force=True, v=True)

    def _build(self, values: Mapping[str, str], mounted: Mapping[str, str]) -> None:
        """Build what would be pushed."""
        context = lay_out(self._space, Path(tempfile.mkdtemp(prefix="image-", dir=self._run.folder)))
        dockerfile = self._space.dockerfile
        images = self._bases()
        arguments = substitute(context / "Dockerfile", dockerfile, images)
        stand_ins = (image for image in images.values() if image.stand_in)
        self._notes += [f"{image.name} is a stand-in: {image.tag}" for image in stand_ins]
        began = time.monotonic()
        with self._progress("building the Space's image") as say:
            try:
                self._engine.build(
                    context,
                    tag=self.image,
                    say=say,
                    args={**public_arguments(self._space, values), **arguments},
                    secrets=mounted,
                    labels=self._run.labels,
                )
            except BuildError as error:
                raise SpaceBuildError(
                    error.what,
                    path=dockerfile.path,  # not the copy's
                    remedy=remedy(error.log, self._space) or error.remedy,
                    log=error.log,
                ) from error
        seconds = time.monotonic() - began
        self._contents = Contents(self._engine, self.image, [image.tag for image in images.values()])
        require_architecture(dockerfile, self._contents.architecture)
        self._notes.append(f"{self._contents}, built in {seconds:.1f} s")
        self._workdir = (self._contents.config["WorkingDir"] or "/").rstrip("/")
        self._limits = self._limits.bound(self._engine.client, self.image, self._run.labels)

    def _bases(self) -> dict[Base, Image]:
        """Return what the build starts from; why one cannot be had at all, the builder says best itself."""
        images = {}
        for base in self._space.dockerfile.bases:
            with suppress(NoSuchImageError):
                images[base] = self._supply.image(base.image)
        return images

    def _load(self, services: Mapping[str, Service]) -> None:
        self.services = services
        self._boot_environment = BootEnvironment.load(self._space, services)
        self._notes += [line for service in services.values() for line in service.header]

    def _prepare(self) -> None:
        """Build while the services start; where the build takes a value of theirs, afterwards."""
        if wants_services(self._space):
            self._load(self._alongside.ready())
            values = self._boot_environment.environment(BootSpec())
            self._build(values, {name: values[name] for name in mounted_secrets(self._space)})
        else:
            self._build({}, {})
            self._load(self._alongside.ready())

    def _factory(self, module: ModuleType) -> Callable[[], Service]:
        def start() -> Service:
            service: Service = module.in_container(self._network, self._supply, self._run)
            return service

        return start

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._engine = Engine.connect()
            stack.callback(self._engine.close)
            self._engine.sweep()
            manifest = self._space.manifest
            self._limits = Limits.of(
                manifest.space.hardware,
                self._engine.client.info(),
                memory_gb=manifest.dock.memory_gb,
                disk_gb=manifest.dock.disk_gb,
            )
            label = f"{RUN_LABEL}={self._run.id}"
            self._oom_kills = stack.enter_context(OomKills(self._engine, label))
            self._supply = Supply(self._engine, self._progress)
            self._engine.enter_reaper(self._supply)
            self._network = stack.enter_context(RunNetwork(self._run))
            modules = service_modules(self._space)
            factories = {name: self._factory(module) for name, module in modules.items()}
            stack.callback(self._remove_leftovers)
            self._alongside = stack.enter_context(Alongside(factories, self._progress))
            self._sandboxes = stack.enter_context(self._sandboxes_beside())
            self._prepare()
            self._settle_egress()
            stack.callback(self._contents.close)
            stack.callback(self._close_instances)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _sandboxes_beside(self) -> Sandboxes:
        return Sandboxes(
            egress=self.conditions.egress,
            port=self._space.app_port,
            allow=self._space.manifest.egress.allow,
            network=self._network,
            engine=self._engine,
            supply=self._supply,
            run=self._run,
        )

    def _settle_egress(self) -> None:
        """Go on without the capability where the engine has not what it takes."""
        self._sandboxes.find_out()
        if self._sandboxes.lacking:
            self.capabilities -= {Capability.EGRESS}

    def _close_instances(self) -> None:
        with ThreadPoolExecutor(_CLOSED_AT_ONCE, "close") as pool:
            for closing in [pool.submit(instance.close) for instance in self._instances]:
                closing.result()

    def _remove_leftovers(self) -> None:
        """Remove the Space's image, whose layers stay in the build cache, and what is left in the network."""
        client = self._engine.client
        # By image, since who joins a sandbox has no network of its own; and by the network's name, since a
        # container that was created and did not start knows no network's id.
        for ours in ({"ancestor": self.image}, {"network": self._network.name}):
            with suppress(DockerException):
                for container in client.containers.list(all=True, filters={**ours}, ignore_removed=True):
                    container.remove(force=True, v=True)
        with suppress(DockerException):
            client.images.remove(self.image, force=True, noprune=True)


def _beside(path: str) -> str:
    """Return where a container that shares another's processes sees a file that is not the kernel's own."""
    return f"/proc/1/root{path}" if path.startswith("/sys/") else path
