"""Keeps one process of a stranger and all that descends from it. A program of Python's library alone.

It stands between the harness and the process: orphans come to it and not to init (Linux), so that nothing
gets away by forking twice or by a session of its own. Its standard input is a life line: one order as a line
of JSON, then nothing; where that ends, the harness has left or is dead, and everything here is ended. To the
file descriptor that is its argument it writes `started PID WRAPPER`, and `ended CODE` when that is over.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

# What a shell and a container engine answer for a program that is not there, or may not be executed.
_NOT_FOUND = 127
_NOT_EXECUTABLE = 126
_PR_SET_NO_NEW_PRIVS = 38  # include/uapi/linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 10.0  # seconds until it gives up killing what forks faster
_ROUND = 0.01  # seconds that killed processes get to leave before the next look
_EVERYBODY_READS = 0o022


class Keeper:
    """The process that was ordered, its descendants, and who is told of them."""

    def __init__(self, told: int) -> None:
        self._told = told
        self._process: subprocess.Popen[bytes] | None = None
        self._child = 0
        self.over = False

    def start(self, order: dict[str, Any]) -> None:
        """Start what is ordered, and say its number: within a wrapper, that of the process it wraps."""
        try:
            main = self._started(order)
        except (OSError, ValueError) as error:
            code = _NOT_FOUND if getattr(error, "errno", 0) == errno.ENOENT else _NOT_EXECUTABLE
            why = getattr(error, "strerror", None) or error
            os.write(sys.stdout.fileno(), f"exec: {order['command'][0]}: {why}\n".encode(errors="replace"))
            nothing = {**order, "folder": "/", "environment": {}}
            main = self._popen(["/bin/sh", "-c", f"exit {code}"], nothing)
        self._tell(f"started {main} {self._child}")

    def _started(self, order: dict[str, Any]) -> int:
        command, wrapper = order["command"], order["wrapper"]
        if not wrapper:
            return self._popen(command, order)
        if not shutil.which(command[0], path=order["environment"].get("PATH")):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        reading, writing = os.pipe()
        try:
            self._popen([*wrapper, "--info-fd", str(writing), "--", *command], order, writing)
        finally:
            os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as info:
            return _wrapped(info) or self._child

    def _popen(self, command: list[str], order: dict[str, Any], passed: int | None = None) -> int:
        user = order["user"]
        # Kept, for one that is forgotten looks whether it is over, and takes the exit code with it.
        self._process = subprocess.Popen(
            command,
            cwd=order["folder"],
            env=order["environment"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            umask=_EVERYBODY_READS,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            pass_fds=() if passed is None else (passed,),
        )
        self._child = self._process.pid
        return self._child

    def reap(self) -> bool:
        """Take the exit codes of those that are over; return whether any child is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._child:
                self.over = True
                self._tell(f"ended {os.waitstatus_to_exitcode(status)}")

    def end(self) -> None:
        """End all that descends from it."""
        deadline = time.monotonic() + _PATIENCE
        while self.reap() and time.monotonic() < deadline:
            for pid in descendants(os.getpid()) or (self._child,):
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:  # gone
                    continue
            time.sleep(_ROUND)

    def _tell(self, line: str) -> None:
        try:
            os.write(self._told, f"{line}\n".encode())
        except OSError:  # nobody listens any more
            return


def descendants(ancestor: int) -> list[int]:
    """Return all that descends from a process; nothing where the system has no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_bytes().rpartition(b")")[2].split()[1])
        except (OSError, IndexError):  # gone
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, waiting = [], [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _wrapped(info: Any) -> int | None:
    """Return the number that bubblewrap tells of the process in it; None where it ended before."""
    text = b""
    while b"}" not in text:
        part = info.read(4096)
        if not part:
            return None
        text += part
    return int(json.loads(text)["child-pid"])


def main() -> None:
    told = int(sys.argv[1])
    order = json.loads(sys.stdin.buffer.readline())
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)  # no setuid program makes more of it than it is
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    asked: list[int] = []
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    keeper = Keeper(told)
    keeper.start(order)
    poll = select.poll()
    poll.register(sys.stdin.fileno(), select.POLLIN)
    poll.register(woken, select.POLLIN)
    while not asked:
        if any(ready == sys.stdin.fileno() for ready, _ in poll.poll()):
            break
        os.read(woken, 4096)
        keeper.reap()
        if keeper.over and not order["stays"]:
            break
    keeper.end()
    os._exit(0)


if __name__ == "__main__":
    main()
