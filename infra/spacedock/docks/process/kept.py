"""A process of a stranger's, with everything that it starts: given little, watched, and ended to the last."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import IO, Self

from spacedock.docks.process import keeper
from spacedock.errors import BootError

_SIGKILLED = 137
_GRACE = 15.0  # seconds that the keeper gets to end all; longer than it tries


@dataclass(frozen=True)
class RunAs:
    """Whom a stranger's code runs as, None being the caller, and what is put in front of its commands."""

    user: int | None = None
    wrapper: tuple[str, ...] = ()


class Kept:
    """A running command, below a keeper of its own. A context manager: leaving ends it and what it started.

    `stays` keeps what it started running when it is over; else all ends with it. Both its streams go to
    `output`, a file or descriptor; what is read of a pipe ends with the last of its processes.
    """

    def __init__(  # noqa: PLR0913 - what a process is started with, each by name
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        run_as: RunAs,
        output: IO[bytes] | int,
        stays: bool = False,
    ) -> None:
        reading, writing = os.pipe()
        self._news = os.fdopen(reading, "rb")
        self._over = Event()
        self._code: int | None = None
        try:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, str(writing)],
                cwd="/",
                env={},  # what the Space sets for its programs is nothing to ours
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(writing,),
                start_new_session=True,  # Ctrl-C is the harness's, which then ends all in order
            )
        finally:
            os.close(writing)
        order = {
            "command": list(command),
            "folder": str(folder),
            "environment": dict(environment),
            "user": run_as.user,
            "wrapper": list(run_as.wrapper),
            "stays": stays,
        }
        self._order(order)
        self.pid, self.wrapper = self._started()
        Thread(target=self._listen, name=f"keeper {self.keeper}", daemon=True).start()

    @property
    def keeper(self) -> int:
        """The number of the process that all of them descend from."""
        return self._keeper.pid

    @property
    def output(self) -> IO[bytes]:
        """What is read of the pipe that was given for `output`."""
        if self._keeper.stdout is None:
            raise ValueError("its output goes elsewhere")
        return self._keeper.stdout

    def ended(self, within: float) -> bool:
        """Whether the command is over, or is within so many seconds."""
        return self._over.wait(within)

    def exit_code(self) -> int | None:
        """128 and the number of the signal that ended it, as a container tells it; None while it runs."""
        return self._code if self._over.is_set() else None

    def close(self) -> None:
        """End everything; returns when it is gone."""
        if self._keeper.stdin:
            with suppress(OSError):
                self._keeper.stdin.close()
        try:
            self._keeper.wait(_GRACE)
        except subprocess.TimeoutExpired:  # what forks faster than it can be killed
            self._keeper.kill()
            self._keeper.wait()
        self._over.wait(_GRACE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._keeper.stdout:
            self._keeper.stdout.close()

    def _order(self, order: Mapping[str, object]) -> None:
        line = self._keeper.stdin
        if line is None:
            return
        with suppress(OSError):  # it is dead: `_started` says so
            line.write(json.dumps(order).encode() + b"\n")
            line.flush()

    def _started(self) -> tuple[int, int]:
        match self._news.readline().split():
            case [b"started", main, wrapper]:
                return int(main), int(wrapper)
        self._keeper.kill()
        self._keeper.wait()
        raise BootError(
            "the process that keeps those of the Space did not start",
            remedy=f"see that {sys.executable} can be executed and that the machine has processes left",
        )

    def _listen(self) -> None:
        code = _SIGKILLED  # where the keeper itself is gone, so is what it kept
        with self._news:
            for line in self._news:
                match line.split():
                    case [b"ended", number]:
                        code = int(number)
                        break
        self._code = 128 - code if code < 0 else code
        self._over.set()
