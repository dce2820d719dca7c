"""Expected errors: one class an exit code, caught once at the top of the command line.

Everything that is not a `SpacedockError` is a defect of the harness: it keeps its traceback, and ends as an
`InternalError` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

REPORT = "report it in the project's issues, with all that is printed here"


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
        return "\n".join(parts)


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


class NoSuchImageError(EngineError):
    """An image that cannot be had for its own sake: its registry is not there, or does not have it."""


class BuildError(SpacedockError):
    """The Space's image, or its stand-in virtual environment, did not build."""

    exit_code = 5


class SpaceBuildError(BuildError):
    """It is the Space that does not build: nothing that the harness brings, nor the engine."""


class BootError(SpacedockError):
    """The Space, or a service that it needs, did not come up."""

    exit_code = 6


class InternalError(SpacedockError):
    """Something of spacedock itself failed: a defect of the harness, whatever the Space is like."""

    exit_code = 7

    def __init__(self, what: str, *, log: str = "") -> None:
        super().__init__(what, remedy=f"none of yours: {REPORT}", log=log)
