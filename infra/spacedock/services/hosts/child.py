"""A service as a child process of the harness."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pwd import struct_passwd

    from spacedock.runs import OpenRun

_NOTHING: Mapping[str, str] = {}
_GRACE = 2.0  # seconds between the polite signal and SIGKILL
_KEPT = 4 << 20  # bytes of a log, the last ones


class Child:
    """A child in a session of its own, so that the terminal's Ctrl-C does not reach it; its output in a file.

    It gets nothing of the harness's environment but PATH. It runs as `user`, if there is one.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        run: OpenRun,
        environment: Mapping[str, str] = _NOTHING,
        user: struct_passwd | None = None,
    ) -> None:
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user and user.pw_uid,
                group=user and user.pw_gid,
                extra_groups=[] if user else None,
            )
        run.adopt(self._process.pid)

    def exit_code(self) -> int | None:
        """None as long as it lives."""
        return self._process.poll()

    def wait(self) -> int:
        """Wait for its end and return its exit code."""
        return self._process.wait()

    def logs(self) -> str:
        """The end of both streams, in order."""
        with self._log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _KEPT))
            return log.read(_KEPT).decode(errors="replace")

    def end(self, politely: signal.Signals) -> None:
        """Send the signal, then SIGKILL to what is left of the process group."""
        if self._process.poll() is None:
            self._process.send_signal(politely)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class DoubleHost:
    """Runs a module of `spacedock.doubles` on a free port of the loopback interface."""

    def __init__(self, module: str, run: OpenRun, environment: Mapping[str, str]) -> None:
        self._module = module
        self._run = run
        self._environment = {"HOST": "127.0.0.1", "PORT": "0", **environment}
        self._child: Child | None = None

    def start(self) -> None:
        """Start the module in a folder of its own."""
        folder = Path(tempfile.mkdtemp(prefix=f"{self._module}-", dir=self._run.folder))
        command = [sys.executable, "-P", "-m", f"spacedock.doubles.{self._module}"]
        self._child = Child(command, folder=folder, run=self._run, environment=self._environment)

    def address(self) -> str | None:
        """Where it says that it listens: it takes the port itself, so that nobody else can in between."""
        said = re.search(r"running on http://(\S+)", self.logs())
        return said[1] if said else None

    def exit_code(self) -> int | None:
        """None as long as it lives."""
        return self._child.exit_code() if self._child else None

    def logs(self) -> str:
        """Both streams, in order."""
        return self._child.logs() if self._child else ""

    def end(self) -> None:
        """Kill the module's process: all that it has is in memory."""
        if self._child:
            self._child.end(signal.SIGKILL)
