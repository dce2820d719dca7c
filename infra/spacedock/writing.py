"""Files that a command writes where its user says: it replaces what it wrote before, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from spacedock.errors import MachineError, UsageError

IsOurs = Callable[[str], bool]

_MOST = 16 * 2**20  # bytes; what is larger is not of our writing


def require_writable(file: Path, is_ours: IsOurs) -> None:
    """Raise UsageError unless `file` can be written, and holds nothing or what `is_ours`.

    Asked before a run, whose outcome would else be lost.
    """
    if not file.parent.is_dir():
        raise UsageError("there is no such folder", path=file.parent, remedy="make it, or name another one")
    if file.is_dir():
        raise UsageError("it is a folder", path=file, remedy="name a file")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise UsageError("it cannot be written", path=file, remedy="name a file that can be")
    if not replaceable(file, is_ours):
        raise UsageError(
            "it is not of spacedock's writing, and stays as it is",
            path=file,
            remedy="name another, or remove it",
        )


def write(file: Path, text: str, is_ours: IsOurs) -> None:
    """Write a file. Raises UsageError as `require_writable` does, MachineError where this machine fails."""
    require_writable(file, is_ours)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineError(
            f"it cannot be written: {error.strerror}", path=file, remedy="make room, or name another file"
        ) from error


def replaceable(file: Path, is_ours: IsOurs) -> bool:
    """Whether nothing of anybody's is lost with what `file` holds; a pipe or a terminal holds nothing."""
    return not file.is_file() or not file.stat().st_size or holds(file, is_ours)


def holds(file: Path, is_ours: IsOurs) -> bool:
    """Whether a file holds what `is_ours`."""
    if file.stat().st_size > _MOST:
        return False
    try:
        return is_ours(file.read_bytes().decode(errors="replace"))
    except OSError:
        return False
