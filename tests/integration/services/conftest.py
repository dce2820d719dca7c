"""Services as the docks start them, once a session: in containers, and as child processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import ModuleType

import pytest
from testcontainers.core.network import Network

from spacedock.engine import Engine
from spacedock.images.supply import Supply
from spacedock.progress import silent
from spacedock.runs import OpenRun, open_run
from spacedock.services.base import Service

Start = Callable[[ModuleType], Service]


@dataclass(frozen=True)
class Pier:
    """What a service in a container needs, and somebody who sees it as a Space would."""

    engine: Engine
    supply: Supply
    network: Network
    run: OpenRun

    def service(self, module: ModuleType) -> Service:
        service: Service = module.in_container(self.network, self.supply, self.run)
        return service

    def within(self, image: str, *command: str, environment: Mapping[str, str]) -> str:
        """Run a command in a container on the network and return what it wrote."""
        output = self.engine.client.containers.run(
            image,
            list(command),
            entrypoint=[],
            environment=dict(environment),
            network=self.network.name,
            labels=self.run.labels,
            remove=True,
        )
        return output.decode()

    def containers(self) -> set[str]:
        """The ids of the run's containers, the dead ones included."""
        mine = [f"{key}={value}" for key, value in self.run.labels.items()]
        found = self.engine.client.containers.list(all=True, filters={"label": mine})
        return {str(container.id) for container in found}


@pytest.fixture(scope="session")
def run() -> Iterator[OpenRun]:
    with open_run() as run:
        yield run


@pytest.fixture(scope="session")
def pier(dock_name: str, run: OpenRun) -> Iterator[Pier]:
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")
    engine = Engine.connect()
    supply = Supply(engine, silent)
    engine.enter_reaper(supply)
    with Network(docker_network_kw={"labels": run.labels}) as network:
        yield Pier(engine, supply, network, run)
    network._docker.client.close()
    engine.close()


@pytest.fixture(scope="session")
def in_container(pier: Pier) -> Iterator[Start]:
    """Start the service of a module in a container, once a session."""
    with ExitStack() as stack:
        yield _once(lambda module: stack.enter_context(pier.service(module)))


@pytest.fixture(scope="session")
def in_process(run: OpenRun) -> Iterator[Start]:
    """Start the service of a module as a child process, once a session."""
    with ExitStack() as stack:
        yield _once(lambda module: stack.enter_context(module.in_process(run)))


def _once(start: Start) -> Start:
    services: dict[ModuleType, Service] = {}

    def start_once(module: ModuleType) -> Service:
        if module not in services:
            services[module] = start(module)
        return services[module]

    return start_once
