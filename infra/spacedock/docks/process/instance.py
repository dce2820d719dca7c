"""A Space's main process, watched, stopped and ended with all that it started."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from spacedock.docks.boots import BootResult, BootSpec, Listener
from spacedock.docks.instance import Denial, Execution, Process, Stop, Usage
from spacedock.docks.process.family import Family, command_of
from spacedock.platform import USER_ID

if TYPE_CHECKING:
    from spacedock.edge.base import Edge

# What a shell and a container engine answer for a program that is not there, or may not be executed.
_NOT_FOUND = 127
_NOT_EXECUTABLE = 126
_AFTERMATH = 1.0  # seconds that helpers get to notice the main process's end; a container gives none
_FOLLOW = 0.05  # seconds between two looks at a growing log
_EVERYBODY_READS = 0o022


@dataclass(frozen=True)
class Start:
    """What the main process is started with: `tree` holds the Space's files, the `workdir` is in it."""

    command: Sequence[str]
    tree: Path
    workdir: Path
    environment: Mapping[str, str]
    log: Path


def spawn(start: Start) -> subprocess.Popen[bytes]:
    """Start the process in a session of its own; as the platform's user when the harness is root."""
    try:
        return _popen(start.command, start)
    except OSError as error:
        code = _NOT_FOUND if error.errno == errno.ENOENT else _NOT_EXECUTABLE
        with start.log.open("a") as log:
            log.write(f"exec: {start.command[0]}: {error.strerror}\n")
        return _popen(("/bin/sh", "-c", f"exit {code}"), start)


def _popen(command: Sequence[str], start: Start) -> subprocess.Popen[bytes]:
    with start.log.open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **_conditions(start))


def _conditions(start: Start) -> dict[str, Any]:
    """Return what every process of the Space is started with."""
    root = os.geteuid() == 0
    return {
        "cwd": start.workdir,
        "env": dict(start.environment),
        "stdin": subprocess.DEVNULL,
        "umask": _EVERYBODY_READS,
        "user": USER_ID.value if root else None,
        "group": USER_ID.value if root else None,
        "extra_groups": [] if root else None,
    }


class SpaceProcess:
    """The main process of one instance and what it started, as the wait for its boot sees them too."""

    shares_loopback = True

    def __init__(self, start: Start, port: int, adopt: Callable[[int], None]) -> None:
        self._process = spawn(start)
        adopt(self._process.pid)  # at once: a harness that is killed now must not leave it
        self._peak_memory = 0
        self.family = Family(self._process.pid)
        self.start = start
        self.port = port
        self.address = ("127.0.0.1", port)

    @property
    def pid(self) -> int:
        return self._process.pid

    def terminate(self) -> None:
        """Send SIGTERM to the main process."""
        self._process.terminate()

    def look_at_memory(self) -> int:
        """Return the most memory in bytes that was seen so far."""
        self._peak_memory = max(self._peak_memory, self.family.peak_memory())
        return self._peak_memory

    def ended(self, within: float) -> bool:
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def exit_code(self) -> int | None:
        """As a container reports it: 128 and the number of the signal that ended the process."""
        code = self._process.poll()
        return 128 - code if code is not None and code < 0 else code

    def out_of_memory(self) -> bool:
        return False  # no limit is set here

    def listeners(self) -> tuple[Listener, ...]:
        return self.family.listeners()

    def processor_seconds(self) -> float:
        return self.family.processor_seconds()

    def close(self) -> None:
        """End all of them, and remove the Space's files."""
        self.look_at_memory()
        self._process.kill()
        self._process.wait()  # before anybody else does: psutil would take the exit code with it
        self.family.kill()
        shutil.rmtree(self.start.tree, ignore_errors=True)


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
        return self._log.read_text(encoding="utf-8", errors="replace")

    def follow(self) -> Iterator[str]:
        with self._log.open(encoding="utf-8", errors="replace") as log:
            begun = ""
            over = False
            while not over:
                over = self._process.ended(within=_FOLLOW)
                *lines, begun = (begun + log.read()).split("\n")
                yield from lines
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
        ended = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            encoding="utf-8",
            errors="replace",
            **_conditions(self._start),
        )
        return Execution(ended.returncode, ended.stdout)

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
