"""Expected errors: one class an exit code, caught once at the top of the command line.

Everything that is not a `SpacedockError` is this machine's fault or a defect of the harness: `unforeseen`
says which, and neither is ever laid at the Space's door.
"""

from __future__ import annotations

import errno
import re
import shutil
import traceback
from pathlib import Path
from typing import ClassVar

from spacedock.printable import printable

REPORT = "report it in the project's issues, with all that is printed here"

_PACKAGE = Path(__file__).parent
_FAULT_OF_OURS = 7  # the exit code; 1 is a broken promise, and nothing else
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SAID_FULL = re.compile(r"(?i)no space left on device|disk quota exceeded")
_READ_ONLY = frozenset({errno.EROFS})


class SpacedockError(Exception):
    """Something the user can mend: what is wrong, where, and what mends it."""

    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        what: str,
        *,
        remedy: str,
        path: Path | str | None = None,
        line: int | None = None,
        log: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.path = path
        self.line = line
        self.log = log

    @property
    def place(self) -> str:
        """`file:line`, as far as it is known."""
        if self.path is None:
            return ""
        return f"{self.path}:{self.line}" if self.line else str(self.path)

    def __str__(self) -> str:
        head = f"{self.place}: {self.what}" if self.place else self.what
        parts = [head, f"  remedy: {self.remedy}"]
        if self.log:
            parts += ["  last lines:", *(f"    {line}" for line in self.log.splitlines())]
        return printable("\n".join(parts))  # much of it may be a Space's words


class UsageError(SpacedockError):
    """The command line, the manifest, the front matter or the Dockerfile is not what it should be."""

    exit_code = 2


class NoTextFileError(UsageError):
    """What lies in the place of a file of the Space is no regular file, or none that holds text."""


class FrontMatterError(UsageError):
    """The README, or the block at its head, is not there or says nothing of a Docker Space."""


class NoDockerfileError(UsageError):
    """There is no Dockerfile among what is pushed."""


class GitError(UsageError):
    """git cannot say what of a repository is pushed: it refuses, or is not there."""


class EngineError(SpacedockError):
    """A Docker engine is wanted and none answers, or it cannot be had what it needs."""

    exit_code = 4


class NoConsentError(EngineError):
    """No engine answers, and the user has not agreed to run a stranger's code on this machine itself."""


class NoSuchImageError(EngineError):
    """An image that cannot be had for its own sake: its registry is not there, or does not have it."""


class BuildError(SpacedockError):
    """The Space's image, or its stand-in virtual environment, did not build."""

    exit_code = 5


class SlowBuildError(BuildError):
    """A build was ended, since it went on for longer than one may."""


class SpaceBuildError(BuildError):
    """It is the Space that does not build: nothing that the harness brings, nor the engine."""


class BootError(SpacedockError):
    """The Space, or a service that it needs, did not come up."""

    exit_code = 6


class MachineError(SpacedockError):
    """This machine does not let the harness work: a disk is full, a folder of its own cannot be written."""

    exit_code = _FAULT_OF_OURS


class InternalError(SpacedockError):
    """Something of spacedock itself failed: a defect of the harness, whatever the Space is like."""

    exit_code = _FAULT_OF_OURS

    def __init__(self, what: str, *, log: str = "") -> None:
        super().__init__(what, remedy=f"none of yours: {REPORT}", log=log)


class FullDiskError(MachineError):
    """A program that worked for the harness, on this machine or on the engine's, met a full disk."""


def says_that_it_is_full(text: str) -> bool:
    """Whether a program says so in the system's words."""
    return _SAID_FULL.search(text) is not None


def is_this_machines(error: OSError) -> bool:
    """Whether it is this machine that refuses: its disk is full, or may not be written."""
    return error.errno in _FULL | _READ_ONLY


def unforeseen(error: Exception) -> SpacedockError:
    """Return what is to be said of an error that no one expected: this machine's, or a defect of ours."""
    if isinstance(error, OSError) and is_this_machines(error):
        full = error.errno in _FULL
        remedy = "make room on that disk" if full else "make it writable, or set SPACEDOCK_CACHE elsewhere"
        return MachineError(f"this machine refuses: {error.strerror}", path=error.filename, remedy=remedy)
    if isinstance(error, shutil.Error) and any(says_that_it_is_full(str(why)) for *_, why in error.args[0]):
        return MachineError("this machine's disk is full", remedy="make room on that disk")
    place = raised_at(error)
    return InternalError(f"{type(error).__name__}{f' at {place}' if place else ''}: {error}")


def raised_at(error: BaseException) -> str:
    """Return the line of ours that an error comes from, `run/loop.py:84`; empty where it is none of ours."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    return f"{Path(frames[-1].filename).relative_to(_PACKAGE)}:{frames[-1].lineno}" if frames else ""
