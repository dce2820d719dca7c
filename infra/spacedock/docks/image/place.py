"""A run's place on an engine: where its containers live, what they are made of, what connects them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from testcontainers.core.container import DockerContainer

if TYPE_CHECKING:
    from spacedock.docks.image.network import RunNetwork
    from spacedock.engine import Engine
    from spacedock.images.supply import Supply
    from spacedock.runs import OpenRun


@dataclass(frozen=True)
class Place:
    """One engine, the images that it has, one network, for one run."""

    engine: Engine
    supply: Supply
    network: RunNetwork
    run: OpenRun

    def address_of(self, container: str) -> str:
        """The address of a container in the run's network."""
        return self.engine.address_in(self.network.name, container)

    def container(self, image: str, what_for: str, **settings: Any) -> DockerContainer:
        """A container of an image that the engine has, to be started."""
        version = {"version": self.engine.api_version}  # or each asks the engine for it
        name = self.run.name(what_for)
        container = DockerContainer(image, docker_client_kw=version, name=name, **settings)
        container.image = image  # testcontainers puts the prefix of a private registry in front
        return container
