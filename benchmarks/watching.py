"""The processes of a gate while it goes on, and what it left once they have ended."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import docker
import psutil
from docker.errors import DockerException

from benchmarks.ledger import HUNG
from spacedock.engine import Engine
from spacedock.runs import HOST_LABEL, RUN_LABEL, cache_folder, host, is_alive, open_run

LOOK = 0.2  # seconds between two looks at the processes of a gate
GRACE = 60.0  # seconds that a gate gets to end in order, when the soak itself is ended
MB = 10**6
Filters = dict[str, str | list[str] | bool]  # as docker-py takes them


@dataclass
class Watched:
    """A gate's process while it goes on, the most that it had, and what it started."""

    process: subprocess.Popen[str]
    printed: Path
    memory: float = 0.0
    descriptors: int = 0
    runs: set[str] = field(default_factory=set)
    family: set[psutil.Process] = field(default_factory=set)

    def look(self) -> bool:
        """Measure it; tell whether it still goes on."""
        if self.process.poll() is not None:
            return False
        with suppress(psutil.Error):
            itself = psutil.Process(self.process.pid)
            self.memory = max(self.memory, itself.memory_info().rss / MB)
            self.descriptors = max(self.descriptors, itself.num_fds())
            self.family.update(itself.children(recursive=True))
            folders = (Path(file.path).parent for file in itself.open_files())
            self.runs.update(folder.name for folder in folders if folder.parent == cache_folder("runs"))
        return True

    def said(self) -> str:
        return self.printed.read_text(errors="replace")

    def code(self) -> int:
        """The exit code; that of a hung gate where it still goes on."""
        code = self.process.poll()
        return HUNG if code is None else code


@contextmanager
def started(command: Sequence[str], cwd: Path, scratch: Path, times: int) -> Iterator[list[Watched]]:
    """Start a command so many times at once, `scratch` being its TMPDIR; what still goes on is ended."""
    watched: list[Watched] = []
    try:
        for at in range(times):
            one = _start(command, cwd, scratch, scratch.parent / f"printed-{at}")
            watched.append(one)
        yield watched
    finally:
        for one in watched:
            _end(one.process)


def _start(command: Sequence[str], cwd: Path, scratch: Path, printed: Path) -> Watched:
    environment = {**os.environ, "TMPDIR": str(scratch), "SPACEDOCK_TRUST": "1"}
    with printed.open("w") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
            env=environment,
            start_new_session=True,
        )
    return Watched(process, printed)


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(subprocess.TimeoutExpired):
        if process.poll() is None:
            process.terminate()
        process.wait(GRACE)
        return
    process.kill()
    process.wait()


def wait(watched: Sequence[Watched], seconds: float) -> bool:
    """Measure them for so long, or until all have ended; tell whether one still goes on."""
    until = time.monotonic() + seconds
    while True:
        going = [one.look() for one in watched]
        if not any(going) or time.monotonic() >= until:
            return any(going)
        time.sleep(LOOK)


def left_by(watched: Sequence[Watched], dock: str) -> Iterator[str]:
    """Name what a gate left. What was killed may leave what the next run sweeps: here is one."""
    with open_run():
        if dock == "image":
            engine = Engine.connect()
            try:
                engine.sweep()
            finally:
                engine.close()
    for process in {child for one in watched for child in one.family}:
        with suppress(psutil.Error):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                yield f"process {process.pid} {process.name()}"
    for run in sorted({run for one in watched for run in one.runs}):
        if is_alive(run):
            yield f"run {run}, whose lock is held"
        if (cache_folder("runs") / run).exists():
            yield f"folder {cache_folder('runs') / run}"
    if dock == "image":
        yield from _on_the_engine()


def _on_the_engine() -> Iterator[str]:
    """Name what is labelled as this host's and belongs to no run that goes on."""
    client = docker.from_env()
    mine: Filters = {"label": f"{HOST_LABEL}={host()}"}
    try:
        found = [
            *((f"container {item.name}", item.labels) for item in client.containers.list(True, filters=mine)),
            *((f"network {item.name}", item.attrs["Labels"]) for item in client.networks.list(filters=mine)),
            *((f"volume {item.name}", item.attrs["Labels"]) for item in client.volumes.list(filters=mine)),
            *((f"image {item.id}", item.labels) for item in client.images.list(filters=mine)),
        ]
    finally:
        client.close()
    yield from (name for name, labels in found if not is_alive(labels.get(RUN_LABEL, "")))


def files_in(scratch: Path, known: Set[str]) -> Iterator[str]:
    """Name what lies in a gate's TMPDIR beside what is known."""
    yield from (f"file {path.name} in TMPDIR" for path in scratch.iterdir() if path.name not in known)


def size_of(folder: Path) -> float:
    """Return the MB of all files below a folder; others write and remove there meanwhile."""
    total = 0
    for above, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(above, name).lstat().st_size
    return round(total / MB, 1)


def layers() -> float | None:
    client = docker.from_env()
    try:
        size: int = client.df()["LayersSize"]
        return round(size / MB, 1)
    except DockerException:
        return None
    finally:
        client.close()
