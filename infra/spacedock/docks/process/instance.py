"""A Space's main process, watched, stopped and ended with all that it started."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import psutil

from spacedock.docks.boots import BootResult, BootSpec, Listener
from spacedock.docks.instance import Denial, Execution, Process, Stop, Usage
from spacedock.docks.process.family import Family, command_of
from spacedock.docks.process.kept import Kept, RunAs

if TYPE_CHECKING:
    from spacedock.edge.base import Edge

_AFTERMATH = 1.0  # seconds that helpers get to notice the main process's end; a container gives none
_FOLLOW = 0.05  # seconds between two looks at a growing log
_LOG_BYTES = 8 * 2**20  # of a log's end that are read; what a command says is cut there too
_LINE = 2**16  # characters of a line that is followed


@dataclass(frozen=True)
class Start:
    """What the main process is started with: `folder` is the Space's own, the `workdir` is in it."""

    command: Sequence[str]
    folder: Path
    workdir: Path
    environment: Mapping[str, str]
    log: Path
    run_as: RunAs


def _spawn(start: Start) -> Kept:
    with start.log.open("ab") as log:
        return Kept(
            start.command,
            folder=start.workdir,
            environment=start.environment,
            run_as=start.run_as,
            output=log,
            stays=True,
        )


def _read_log(path: Path) -> str:
    """Return the end of a log."""
    with path.open("rb") as log:
        end = log.seek(0, os.SEEK_END)
        log.seek(max(0, end - _LOG_BYTES))
        return log.read(_LOG_BYTES).decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")


class SpaceProcess:
    """The main process of one instance and what it started, as the wait for its boot sees them too."""

    shares_loopback = True

    def __init__(self, start: Start, port: int, adopt: Callable[[int], None]) -> None:
        self._process = _spawn(start)
        adopt(self._process.keeper)  # which ends all by itself, unless it was killed with the harness
        self._closing = Lock()
        self._peak_memory = 0
        self.family = Family(self._process.pid, self._process.keeper, self._process.wrapper)
        self.start = start
        self.port = port
        self.address = ("127.0.0.1", port)

    @property
    def pid(self) -> int:
        return self._process.pid

    def terminate(self) -> None:
        """Send SIGTERM to the main process."""
        if not self._process.ended(within=0):
            with suppress(OSError):
                os.kill(self._process.pid, signal.SIGTERM)

    def look_at_memory(self) -> int:
        """Return the most memory in bytes that was seen so far."""
        self._peak_memory = max(self._peak_memory, self.family.peak_memory())
        return self._peak_memory

    def ended(self, within: float) -> bool:
        return self._process.ended(within)

    def exit_code(self) -> int | None:
        """As a container reports it: 128 and the number of the signal that ended the process."""
        return self._process.exit_code()

    def out_of_memory(self) -> bool:
        return False  # no limit is set here

    def listeners(self) -> tuple[Listener, ...]:
        return self.family.listeners()

    def processor_seconds(self) -> float:
        return self.family.processor_seconds()

    def logs(self) -> str:
        return _read_log(self.start.log)

    def close(self) -> None:
        """End all of them, and remove the Space's files."""
        with self._closing:
            self.look_at_memory()
            self.family.kill()
            self._process.close()
            shutil.rmtree(self.start.folder, ignore_errors=True)


class ProcessInstance:
    """A Space whose boot is over, as a process of this machine."""

    def __init__(
        self, process: SpaceProcess, spec: BootSpec, boot: BootResult, environment: Mapping[str, str]
    ) -> None:
        self._process = process
        self._family = process.family
        self._start = process.start
        self._log = process.start.log
        self.spec = spec
        self.boot = boot
        self.environment = environment

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._process.port}"

    def logs(self) -> str:
        return _read_log(self._log)

    def follow(self) -> Iterator[str]:
        with self._log.open(encoding="utf-8", errors="replace") as log:
            begun = ""
            over = False
            while not over:
                over = self._process.ended(within=_FOLLOW)
                while part := log.read(_LINE):
                    *lines, begun = (begun + part).split("\n")
                    yield from lines
                    if len(begun) >= _LINE:
                        yield begun
                        begun = ""
            if begun:
                yield begun

    def ended(self, within: float) -> bool:
        return self._process.ended(within)

    def alive(self) -> bool:
        return not self._process.ended(within=0)

    def identity(self) -> int | None:
        with suppress(psutil.Error):
            return int(psutil.Process(self._process.pid).uids().real)
        return None

    def processes(self) -> tuple[Process, ...]:
        return self._family.processes()

    def usage(self) -> Usage:
        return Usage(self._process.look_at_memory() or None)

    def changes(self) -> tuple[str, ...]:
        return ()

    def forbidden(self) -> tuple[str, ...]:
        return ()

    def denials(self) -> tuple[Denial, ...]:
        return ()

    def edge(self) -> Edge:
        raise NotImplementedError("the process dock has no edge")

    shell = ""

    def execute(self, *command: str) -> Execution:
        start = self._start
        with Kept(
            command,
            folder=start.workdir,
            environment=start.environment,
            run_as=start.run_as,
            output=subprocess.PIPE,
        ) as kept:
            said = kept.output.read(_LOG_BYTES)
            while kept.output.read(_LINE):
                continue  # or it would wait for a reader
            kept.ended(_AFTERMATH)
            return Execution(kept.exit_code() or 0, said.decode(errors="replace"))

    def stop(self, grace: float, meanwhile: Callable[[], None] | None = None) -> Stop:
        if not self.alive():
            return Stop(0.0, self.exit_code(), killed=False)
        self.usage()
        began = time.monotonic()
        heard = self._family.hears_sigterm()
        if heard:
            self._process.terminate()
        if meanwhile:
            meanwhile()
        killed = not self._process.ended(within=max(0.0, began + grace - time.monotonic()))
        orphans: tuple[str, ...] = ()
        seconds = time.monotonic() - began
        if not killed:
            _, left = psutil.wait_procs(self._family.members(), timeout=_AFTERMATH)
            orphans = tuple(command_of(process) for process in left)
        self.close()
        return Stop(seconds, self.exit_code(), killed, orphans, unheard=not heard)

    def close(self) -> None:
        self._process.close()

    def exit_code(self) -> int | None:
        return self._process.exit_code()

    def out_of_memory(self) -> bool:
        return self._process.out_of_memory()
