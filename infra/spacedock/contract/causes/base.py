"""The words of the room: a cause with its place in the log, and what may be looked through for one."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from spacedock.errors import SpacedockError
from spacedock.space import Space
from spacedock.space.files import opened

_LINES = 200  # of a log's end
_LAST = 30  # of those that are looked through where no traceback stands among them
_TRACEBACK = "Traceback (most recent call last)"
_CHAINED = ("During handling of the above exception", "the direct cause of the following exception")
_LINE = 1000  # characters of a line
_HEAD = 64 * 1024  # bytes of a file
_FOLDERS = 500  # of a Space that are looked into


@dataclass(frozen=True)
class ToldCause:
    """Why a program ended, as its log and the Space's files tell; `at` is where the log says it."""

    at: int
    seen: str
    remedy: str
    consequence: str = ""  # empty: what follows is the same as of any other end


Finder = Callable[[str, Space], Iterator[ToldCause]]


def tail_of(log: str) -> str:
    """Return the end of a log, as much as is looked through."""
    return "\n".join(line[:_LINE] for line in log.splitlines()[-_LINES:])


def last_words(log: str) -> str:
    """Return what a program said when it ended: its last traceback with those that led to it, else its end.

    What stands before is what it survived.
    """
    lines = tail_of(log).split("\n")
    starts = [number for number, line in enumerate(lines) if _TRACEBACK in line]
    if not starts:
        return "\n".join(lines[-_LAST:])
    first = starts.pop()
    while starts and _leads_on("\n".join(lines[starts[-1] : first])):
        first = starts.pop()
    return "\n".join(lines[first:])


def _leads_on(text: str) -> bool:
    return any(words in text for words in _CHAINED)


def pushed(space: Space) -> tuple[str, ...]:
    """Return what a push would carry; nothing where git cannot say."""
    with suppress(SpacedockError):
        return space.files()
    return ()


def head_of(space: Space, name: str) -> str:
    """Return how a file of the Space begins, its line ends as they are; nothing of a link."""
    path = space.root / name
    with suppress(SpacedockError, OSError, ValueError):
        if name and not path.is_symlink():
            with opened(path) as file:
                return file.read(_HEAD).decode(errors="replace")
    return ""


def unpushed(space: Space, *names: str) -> str:
    """Return where one of `names` lies in the Space's folder and is not pushed; empty where none does.

    Looked for beside what is pushed: in a folder of the Space's own, and no dependency's.
    """
    shipped = pushed(space)
    if not shipped:
        return ""
    folders = dict.fromkeys(["", *(posixpath.dirname(path) for path in shipped)])
    for folder in list(folders)[:_FOLDERS]:
        for name in names:
            path = posixpath.normpath(posixpath.join(folder, name))
            if not path.startswith("..") and _is_here_only(space, path, shipped):
                return path
    return ""


def _is_here_only(space: Space, path: str, shipped: tuple[str, ...]) -> bool:
    if any(each == path or each.startswith(f"{path}/") for each in shipped):
        return False
    with suppress(OSError, ValueError):
        return (space.root / path).exists()
    return False
