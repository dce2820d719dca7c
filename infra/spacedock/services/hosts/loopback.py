"""A server that can neither choose a port nor be handed one, as a child process of the harness."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from spacedock.services.hosts.child import Child

if TYPE_CHECKING:
    from pwd import struct_passwd

    from spacedock.runs import OpenRun

_PORTS = 5  # tries to find a port that is still free when the server takes it
_PATIENCE = 10.0  # seconds that the server gets to take its port


class LoopbackHost:
    """Serves on a free port of the loopback interface; as `nobody` when the harness is root."""

    listening: ClassVar[str]  # what its log says once it has its port
    politely = signal.SIGQUIT

    def __init__(self, run: OpenRun) -> None:
        self._run = run
        self._child: Child | None = None
        self._address: str | None = None

    def address(self) -> str | None:
        """Known from the start."""
        return self._address

    def exit_code(self) -> int | None:
        """None as long as the server lives."""
        return self._child.exit_code() if self._child else None

    def logs(self) -> str:
        """What the server wrote."""
        return self._child.logs() if self._child else ""

    def end(self) -> None:
        """Have the server end at once."""
        if self._child:
            self._child.end(self.politely)

    @cached_property
    def _runs_as(self) -> struct_passwd | None:
        """Whom it runs as, None for the harness's user: servers refuse root, and a uid that has no name."""
        if os.geteuid() != 0:
            return None
        import pwd

        return pwd.getpwnam("nobody")

    def _give(self, *paths: Path) -> None:
        """Let the paths belong to whom it runs as."""
        if self._runs_as:
            for path in paths:
                os.chown(path, self._runs_as.pw_uid, self._runs_as.pw_gid)

    def _run_child(self, folder: Path, command: Sequence[str]) -> Child:
        self._child = Child(command, folder=folder, run=self._run, user=self._runs_as)
        return self._child

    def _serve(self, folder: Path, command: Callable[[int], Sequence[str]]) -> None:
        """Run the command for a free port, until it is not lost to somebody else."""
        for _ in range(_PORTS):
            port = free_port()
            self._address = f"127.0.0.1:{port}"
            self._run_child(folder, command(port))
            if not self._lost_its_port():
                return

    def _lost_its_port(self) -> bool:
        """Whether somebody else took the port before the server could; waits until the server says."""
        patience_ends = time.monotonic() + _PATIENCE
        while self.listening not in self.logs() and time.monotonic() < patience_ends:
            if self.exit_code() is not None:
                # The server has a word for it in its log, and no exit code of its own.
                return "address already in use" in self.logs().lower()
            time.sleep(0.01)
        return False


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
