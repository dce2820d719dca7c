"""The command line as a process of its own, and what a run leaves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from spacedock.engine import Engine
from spacedock.runs import RUN_LABEL, cache_folder, is_alive

ROOT = Path(__file__).parents[2]

# Whoever is started in the background of a shell ignores Ctrl-C, and so does all that it starts.
_LISTENING = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('spacedock', run_name='__main__', alter_sys=True)"
)


@contextmanager
def spacedock(command: str, place: Path, dock: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run `spacedock COMMAND PLACE` in a process group of its own, as a terminal does."""
    with subprocess.Popen(
        [sys.executable, "-c", _LISTENING, command, str(place), f"--dock={dock}", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run_of(process: subprocess.Popen[str]) -> str:
    """Return the id of the run that a command has open: it holds that run's lock."""
    held = [Path(file.path).parent for file in psutil.Process(process.pid).open_files()]
    (run,) = {folder.name for folder in held if folder.parent == cache_folder("runs")}
    assert is_alive(run)
    return run


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return every process that a command started so far."""
    return psutil.Process(process.pid).children(recursive=True)


def on_the_engine(run: str) -> list[str]:
    """Return the ids of a run's containers, networks and images."""
    engine = Engine.connect()
    try:
        mine: dict[str, str | list[str] | bool] = {"label": f"{RUN_LABEL}={run}"}
        client = engine.client
        containers = client.containers.list(all=True, filters=mine)
        networks, images = client.networks.list(filters=mine), client.images.list(filters=mine)
        return [str(thing.id) for thing in (*containers, *networks, *images)]
    finally:
        engine.close()
