"""The image dock once it is entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from spacedock.docks.alongside import Alongside, service_module
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import Conditions
from spacedock.docks.image.launch import Launcher, Setting
from spacedock.services.faults import openai

if TYPE_CHECKING:
    from concurrent.futures import Future
    from contextlib import AbstractContextManager
    from types import ModuleType

    from spacedock.docks.boots import BootSpec
    from spacedock.docks.image.instance import ContainerInstance
    from spacedock.docks.image.place import Place
    from spacedock.docks.image_facts import FileInspector, Identity, ImageAdditions, Sighting
    from spacedock.services.base import Service
    from spacedock.services.faults.network import FaultProxies, NetworkFaults
    from spacedock.services.faults.openai import OpenAIFaults


class OpenImageDock:
    """Boots a Space in containers of its image."""

    name = "image"
    shares_ports = False
    not_carried_out = ()

    def __init__(  # noqa: PLR0913, PLR0917 - what entering the dock has come to, complete
        self,
        setting: Setting,
        launcher: Launcher,
        services: Mapping[str, Service],
        alongside: Alongside,
        proxies: FaultProxies,
        conditions: Conditions,
    ) -> None:
        self._setting = setting
        self._launcher = launcher
        self._alongside = alongside
        self._proxies = proxies
        self.conditions = conditions
        self.services = services

    @property
    def image(self) -> str:
        """The tag of the Space's image."""
        return self._setting.image.tag

    @property
    def capabilities(self) -> frozenset[Capability]:
        """All, but what the engine lacks."""
        lacking = {Capability.EGRESS} if self._setting.sandboxes.lacking else set()
        return frozenset(Capability) - lacking

    @property
    def header(self) -> tuple[str, ...]:
        """The engine, the hardware, the stand-ins, the services."""
        setting = self._setting
        return (
            setting.place.engine.description,
            *setting.limits.header(),
            *setting.window.header(),
            *setting.sandboxes.header(),
            *setting.image.notes,
            *(line for service in self.services.values() for line in service.header),
            *setting.around.header(),
        )

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        return self._setting.environment.canaries

    def boot(self, spec: BootSpec) -> ContainerInstance:
        """Boot the Space in a new container. May be called from several threads at once."""
        return self._launcher.boot(spec)

    def start(self, service: str) -> Service:
        """Start one more service beside the Space, or return the one that runs."""
        return self._alongside.add(service, factory(service_module(service), self._setting.place))

    def model_bay(self, name: str) -> tuple[OpenAIFaults, tuple[tuple[str, str], ...]]:
        """A bay of the OpenAI double, which is made at the first call."""
        return openai.model_bay(self._alongside.running, self._setting.space.manifest.sources, name)

    def faults(self) -> AbstractContextManager[NetworkFaults]:
        """Proxies that nobody else meets, for as long as they are entered."""
        return self._proxies.bay(self._alongside.running, self._setting.space.manifest.sources)

    def image_identity(self) -> Identity:
        """Whom the image runs as by itself, read from its settings and files."""
        return self._setting.files.identity

    def made(self) -> ImageAdditions:
        """What the Space's image adds to its base."""
        return self._setting.image.contents.made

    def search(self, look: FileInspector, rules: str) -> Future[tuple[Sighting, ...]]:
        """Begin to look into each file that the image adds to its base."""
        return self._setting.image.contents.search(look, rules)


def factory(module: ModuleType, place: Place) -> Callable[[], Service]:
    """Return what makes a service of `module` on the run's network."""

    def make() -> Service:
        service: Service = module.in_container(place.network, place.supply, place.run)
        return service

    return make
