"""Ryuk, where it can be had: one for a run whose containers start side by side. Its image is a double."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from docker.errors import ImageNotFound, NotFound

from spacedock.engine import Engine
from spacedock.images.supply import Supply
from spacedock.progress import silent
from tests.integration.engine.conftest import PATIENCE

pytestmark = pytest.mark.alone

TAG = "spacedock-test/ryuk:double"

# Like Ryuk it takes a connection, and ends when that ends; unlike Ryuk it removes nothing.
DOUBLE = """
import socket
server = socket.create_server(("0.0.0.0", 8080))
connection, _ = server.accept()
while connection.recv(1024):
    pass
"""
HARNESS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from testcontainers.core.container import DockerContainer
from testcontainers.core.labels import SESSION_ID
from spacedock.engine import Engine

tag, base = sys.argv[1:]
engine = Engine.connect()
engine.enter_reaper(SimpleNamespace(pinned=lambda key: SimpleNamespace(tag=tag)))

def start(number):
    with DockerContainer(base).with_command(["sleep", "600"]) as container:
        return container.get_wrapped_container().labels["org.testcontainers.session-id"] == SESSION_ID

with ThreadPoolExecutor(3) as pool:
    labelled = list(pool.map(start, range(3)))
reapers = [c.id for c in engine.client.containers.list() if c.name == f"testcontainers-ryuk-{SESSION_ID}"]
print(json.dumps({"labelled": labelled, "reapers": reapers}), flush=True)
engine.close()
"""


@pytest.fixture
def base(engine: Engine) -> str:
    return Supply(engine, silent).pinned("python").tag


@pytest.fixture
def ryuk(engine: Engine, base: str, context: Path) -> Iterator[str]:
    (context / "ryuk.py").write_text(DOUBLE)
    (context / "Dockerfile").write_text(f'FROM {base}\nCOPY ryuk.py /\nCMD ["python", "/ryuk.py"]\n')
    engine.build(context, tag=TAG, say=lambda line: None)
    yield TAG
    with suppress(ImageNotFound):
        engine.client.images.remove(TAG, force=True)


def test_containers_that_start_side_by_side_share_one_and_it_goes_with_the_run(
    engine: Engine, base: str, ryuk: str
) -> None:
    harness = subprocess.run(
        [sys.executable, "-c", HARNESS, ryuk, base], capture_output=True, text=True, check=True
    )
    told = json.loads(harness.stdout)
    assert told["labelled"] == [True, True, True]
    (reaper,) = told["reapers"]
    assert is_gone(engine, reaper)


def is_gone(engine: Engine, container: str) -> bool:
    """Whether a container is removed, now or soon."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            engine.client.containers.get(container)
        except NotFound:
            return True
        time.sleep(0.05)
    return False
