"""The dock that is nearest to Hugging Face: the Space's own image, built and run by a Docker engine."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from types import ModuleType
from typing import Self

from docker.errors import DockerException
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from spacedock import platform
from spacedock.docks.alongside import Alongside, service_module, service_modules
from spacedock.docks.base import AS_OBSERVED, Capability, Conditions, Order
from spacedock.docks.context import lay_out
from spacedock.docks.environment import Cargo
from spacedock.docks.image.berth import ContainerBerth
from spacedock.docks.image.build import mounted_secrets, public_arguments, substitute, wants_services
from spacedock.docks.image.limits import Limits
from spacedock.docks.ready import watch
from spacedock.engine import Engine
from spacedock.errors import BuildError
from spacedock.images.supply import Supply
from spacedock.progress import Progress
from spacedock.runs import Run
from spacedock.services.base import Service
from spacedock.services.faults import wire
from spacedock.services.faults.wire import Faults
from spacedock.space import Space

_PLATFORM_USER = f"{platform.USER_ID}:{platform.USER_ID}"
_CLOSED_AT_ONCE = 4


class ImageDock:
    """Boards a Space in containers of its image."""

    name = "image"
    capabilities = frozenset(
        {
            Capability.IMAGE,
            Capability.IDENTITY,
            Capability.LIMITS,
            Capability.SIGNALS,
            Capability.SERVICES,
            Capability.EDGE,
            Capability.EGRESS,
            Capability.DISK,
            Capability.OVERLAP,
        }
    )
    shares_ports = False

    def __init__(
        self,
        space: Space,
        run: Run,
        progress: Progress,
        conditions: Conditions = AS_OBSERVED,
        *,
        boot_timeout: float = 60.0,
    ) -> None:
        self.conditions = conditions
        self._space = space
        self._run = run
        self._progress = progress
        self._boot_timeout = boot_timeout
        self.image = f"hf-spacedock/space:{run.id}-{secrets.token_hex(3)}"
        self._berths: list[ContainerBerth] = []
        self._notes: list[str] = []
        self._stack = ExitStack()
        self._engine: Engine
        self._supply: Supply
        self._network: Network
        self._limits: Limits
        self._cargo: Cargo
        self._alongside: Alongside
        self._workdir = "/"
        self.services: Mapping[str, Service] = {}

    @property
    def header(self) -> tuple[str, ...]:
        """The engine, the hardware, the stand-ins, the services."""
        return (self._engine.description, *self._limits.header(), *self._notes)

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        return self._cargo.canaries

    def board(self, order: Order) -> ContainerBerth:
        """Boot the Space in a new container. May be called from several threads at once."""
        port = order.port or self._space.app_port
        environment = self._cargo.environment(order)
        container = self._container(order, port, environment)
        berth = ContainerBerth(container, order, port, environment, self._read_beside)
        self._berths.append(berth)
        began = time.monotonic()
        try:
            berth.start()
            path = self._space.manifest.space.ready
            berth.boot = watch(berth, path, began=began, timeout=self._boot_timeout)
        except BaseException:
            berth.close()
            raise
        return berth

    def start(self, service: str) -> Service:
        """Start one more service beside the Space, or return the one that runs."""
        return self._alongside.add(service, self._factory(service_module(service)))

    def faults(self) -> Faults:
        """Proxies in a container on the Space's network, for as long as they are entered."""
        sources = self._space.manifest.sources
        return wire.in_container(self._alongside.running, sources, self._network, self._supply, self._run)

    def _container(self, order: Order, port: int, environment: Mapping[str, str]) -> DockerContainer:
        options = {
            **self._limits.options(),
            "labels": self._run.labels,
            "platform": platform.ARCHITECTURE,
            "use_config_proxy": False,  # the developer's own, which would be in the Space's environment
        }
        if order.user == "platform":
            options["user"] = _PLATFORM_USER
        container = DockerContainer(self.image, env=dict(environment), network=self._network)
        container.image = self.image  # testcontainers puts the prefix of a private registry in front
        container.with_exposed_ports(port).with_kwargs(**options)
        if order.env_file:
            container.with_copy_into_container(self._cargo.env_file().encode(), f"{self._workdir}/.env")
        return container

    def _read_beside(self, container: str, paths: tuple[str, ...]) -> str:
        """Read files for an image without `cat`, from a container that shares its network and processes."""
        beside = self._engine.client.containers.create(
            self._supply.pinned("python").tag,
            ["sh", "-c", 'cat "$@" 2>/dev/null || true', "sh", *paths],
            network_mode=f"container:{container}",
            pid_mode=f"container:{container}",
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
        images = {base: self._supply.image(base.image) for base in dockerfile.bases}
        arguments = substitute(context / "Dockerfile", dockerfile, images)
        stand_ins = (image for image in images.values() if image.stand_in)
        self._notes += [f"{image.name} is a stand-in: {image.tag}" for image in stand_ins]
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
                error.path = dockerfile.path  # not the copy's
                raise
        config = self._engine.client.images.get(self.image).attrs["Config"]
        self._workdir = (config["WorkingDir"] or "/").rstrip("/")

    def _load(self, services: Mapping[str, Service]) -> None:
        self.services = services
        self._cargo = Cargo.load(self._space, services)
        self._notes += [line for service in services.values() for line in service.header]

    def _prepare(self) -> None:
        """Build while the services start; where the build takes a value of theirs, afterwards."""
        if wants_services(self._space):
            self._load(self._alongside.ready())
            values = self._cargo.environment(Order())
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
            self._limits = Limits.of(self._space.manifest.space.hardware, self._engine.client.info())
            self._supply = Supply(self._engine, self._progress)
            self._engine.enter_reaper(self._supply)
            self._network = stack.enter_context(_Network(docker_network_kw={"labels": self._run.labels}))
            modules = service_modules(self._space)
            factories = {name: self._factory(module) for name, module in modules.items()}
            stack.callback(self._remove_leftovers)
            self._alongside = stack.enter_context(Alongside(factories, self._progress))
            self._prepare()
            stack.callback(self._close_berths)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _close_berths(self) -> None:
        with ThreadPoolExecutor(_CLOSED_AT_ONCE, "close") as pool:
            for closing in [pool.submit(berth.close) for berth in self._berths]:
                closing.result()

    def _remove_leftovers(self) -> None:
        """Remove the Space's image, whose layers stay in the build cache, and what is left in the network."""
        client = self._engine.client
        # By name: a container that was created and did not start knows no network's id.
        ours: dict[str, str | list[str] | bool] = {"network": self._network.name}
        with suppress(DockerException):
            for container in client.containers.list(all=True, filters=ours, ignore_removed=True):
                container.remove(force=True, v=True)
        with suppress(DockerException):
            client.images.remove(self.image, force=True, noprune=True)


class _Network(Network):
    """A network whose connection to the engine is closed with it."""

    def remove(self) -> None:
        with suppress(DockerException):
            super().remove()
        self._docker.client.close()
