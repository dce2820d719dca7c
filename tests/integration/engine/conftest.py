"""The engine at hand, and a second one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container
from docker.models.networks import Network

from spacedock.engine import Engine
from spacedock.errors import EngineError
from spacedock.runs import OpenRun, open_run
from tests.integration.engine.second import Second, missing
from tests.integration.engine.second import second_engine as _second_engine

Start = Callable[..., Container]

PATIENCE = 60.0  # seconds for a service to come up


@pytest.fixture(autouse=True)
def _in_the_image_dock_only(needs_image_dock: None) -> None:
    """What is tested here stands below the image dock alone."""


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The engine that testcontainers would use."""
    try:
        connected = Engine.connect()
    except EngineError as error:
        pytest.skip(str(error))
    yield connected
    connected.close()


@pytest.fixture(scope="session")
def second_engine(engine: Engine) -> Iterator[Second]:
    """An engine on a loopback TCP port that pulls from a mirror; `.address` is what DOCKER_HOST must say.

    The engine at hand fills the mirror, over loopback.
    """
    if refusal := missing():
        pytest.skip(refusal)
    if not engine.address.startswith(("unix://", "tcp://127.0.0.1:")):
        pytest.skip(
            f"the engine at {engine.address} is not on this machine: env -u DOCKER_HOST tox -e integration"
        )
    with _second_engine() as second:
        yield second


@pytest.fixture
def remote(second_engine: Second, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The second engine, connected to as one that is elsewhere."""
    monkeypatch.setenv("DOCKER_HOST", second_engine.address)
    connected = Engine.connect()
    yield connected
    connected.close()


@pytest.fixture(scope="session")
def run() -> Iterator[OpenRun]:
    """A run for what the tests start."""
    with open_run() as opened:
        yield opened


@pytest.fixture
def start(engine: Engine, run: OpenRun) -> Iterator[Start]:
    """Start a container that goes with the test."""
    started: list[Container] = []

    def _start(image: str, command: list[str] | None = None, **options: Any) -> Container:
        container = engine.client.containers.create(image, command, labels=run.labels, **options)
        started.append(container)
        container.start()
        return container

    yield _start
    for container in started:
        container.remove(force=True, v=True)


@pytest.fixture
def network(engine: Engine, run: OpenRun) -> Iterator[Network]:
    """A network that goes with the test."""
    created = engine.client.networks.create(f"spacedock-test-{run.id}", labels=run.labels)
    yield created
    created.reload()
    for container in created.containers:
        created.disconnect(container, force=True)
    created.remove()


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """An empty folder to build from."""
    folder = tmp_path / "context"
    folder.mkdir()
    return folder


def tried(container: Container, *command: str, **options: Any) -> tuple[int | None, str]:
    """The exit code of a command in the container, and what it prints."""
    code, printed = container.exec_run(list(command), **options)
    assert isinstance(printed, bytes)
    return code, printed.decode().strip()


def output(container: Container, *command: str, **options: Any) -> str:
    """What a command in the container prints, once it succeeds."""
    deadline = time.monotonic() + PATIENCE
    while True:
        code, printed = tried(container, *command, **options)
        if code == 0:
            return printed
        if time.monotonic() > deadline:
            raise AssertionError(f"{printed}\n{container.logs().decode()}")
        time.sleep(0.05)
