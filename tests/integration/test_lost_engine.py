"""A run whose engine goes away in the middle ends with a clear word, and the next one takes what it left."""

from __future__ import annotations

import os
import select
import shutil
import socket
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from spacedock.engine import Engine
from spacedock.errors import EngineError
from spacedock.failures.baselines import baseline
from tests.integration.commands import on_the_engine, run_of, spacedock

pytestmark = [pytest.mark.alone, pytest.mark.usefixtures("needs_image_dock")]
AWAY = EngineError.exit_code


class Relay(socketserver.ThreadingUnixStreamServer):
    """The way to the engine, which can be cut."""

    daemon_threads = True

    def __init__(self, place: Path, engine: str) -> None:
        super().__init__(str(place), Through)
        self.engine = engine
        self.ways: list[socket.socket] = []

    def cut(self) -> None:
        """Refuse whoever comes, and leave whoever is there without an answer."""
        self.shutdown()
        self.server_close()
        for way in self.ways:
            with suppress(OSError):
                way.shutdown(socket.SHUT_RDWR)


class Through(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(self.server.engine)
            self.server.ways += [self.request, engine]
            with suppress(OSError):
                self._copy(engine)

    def _copy(self, engine: socket.socket) -> None:
        other = {self.request: engine, engine: self.request}
        while True:
            for readable in select.select(list(other), [], [])[0]:
                content = readable.recv(65536)
                if not content:
                    return
                other[readable].sendall(content)


@contextmanager
def relayed(folder: Path, engine: str) -> Iterator[Relay]:
    with Relay(folder / "engine.sock", engine) as relay:
        Thread(target=relay.serve_forever, daemon=True).start()
        yield relay
        relay.cut()


def test_an_engine_that_is_lost_in_the_middle_is_told_and_what_is_left_goes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not address.startswith("unix://"):
        pytest.skip("the engine is not at a socket of this machine, which a test could cut off")
    place = shutil.copytree(baseline("web"), tmp_path / "space")
    with relayed(tmp_path, address.removeprefix("unix://")) as relay:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine.sock")
        with spacedock("check", place, "image") as process:
            assert process.stderr
            assert any("boots-as-deployed kept" in line for line in process.stderr)
            ours = run_of(process)
            relay.cut()
            told, said = process.communicate(timeout=120)
    monkeypatch.setenv("DOCKER_HOST", address)
    assert process.returncode == AWAY, said
    assert "stays-up error" in said
    assert "no Docker engine answers" in told
    assert "Traceback" not in told + said
    engine = Engine.connect()
    try:
        engine.sweep()
    finally:
        engine.close()
    assert on_the_engine(ours) == []
