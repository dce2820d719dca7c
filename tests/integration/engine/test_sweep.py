"""What a killed harness leaves on the engine the next one removes, and nothing of anybody else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from docker.errors import NotFound

from spacedock.engine import Engine
from spacedock.images.supply import Supply
from spacedock.progress import silent
from spacedock.runs import HOST_LABEL, RUN_LABEL, OpenRun, open_run
from tests.integration.engine.conftest import Start

pytestmark = pytest.mark.alone

# Starts what a dock starts: a network, a volume, and a container that uses both.
HARNESS = """
import sys
import docker
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from spacedock.runs import open_run

testcontainers_config.ryuk_disabled = True
with open_run() as run, Network(docker_network_kw={"labels": run.labels}) as network:
    volume = docker.from_env().volumes.create(labels=run.labels)
    container = DockerContainer(sys.argv[1], network=network, volumes=[(volume.name, "/data", "rw")])
    with container.with_kwargs(labels=run.labels).with_command(["sleep", "600"]):
        print(container.get_wrapped_container().id, network.id, volume.name, flush=True)
        sys.stdin.read()
"""


@pytest.fixture(scope="module")
def image(engine: Engine) -> str:
    return Supply(engine, silent).pinned("python").tag


def exists(engine: Engine, container: str) -> bool:
    try:
        engine.client.containers.get(container)
    except NotFound:
        return False
    return True


def test_what_a_killed_harness_left_is_removed_by_the_next(engine: Engine, image: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HARNESS, image], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as harness:
        assert harness.stdout is not None
        container, network, volume = harness.stdout.readline().split()

        engine.sweep()
        assert exists(engine, container)  # the harness is alive

        harness.kill()
    with open_run():
        engine.sweep()
    assert not exists(engine, container)
    assert network not in {found.id for found in engine.client.networks.list()}
    assert volume not in {found.name for found in engine.client.volumes.list()}


def test_another_hosts_container_stays(engine: Engine, image: str, run: OpenRun, start: Start) -> None:
    theirs = start(image, ["sleep", "600"])
    labels = {RUN_LABEL: "deadbeef", HOST_LABEL: "another-host"}
    foreign = engine.client.containers.create(image, ["true"], labels=labels)
    try:
        engine.sweep()
        assert exists(engine, str(foreign.id))
        assert exists(engine, str(theirs.id))
    finally:
        foreign.remove()
