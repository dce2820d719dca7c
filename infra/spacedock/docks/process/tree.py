"""Paths of a container below a folder of ours: links lead where they do in the container, never out of it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path, PurePath
from posixpath import normpath

_LINKS = 40  # that Linux follows in one path
_DEEPEST = 128  # folders within each other; what copies and removes them goes down one by one


def inside(root: Path, path: PurePath | str) -> Path:
    """Return where `path` lies when `root` is `/`, without any link in it. It need not be there.

    Raises OSError for a loop of links, and where it lies too deep.
    """
    here: list[str] = []
    ahead = str(path).split("/")[::-1]
    followed = 0
    while ahead:
        part = ahead.pop()
        if part == "..":
            del here[-1:]  # above the root is the root
        elif part not in {"", "."}:
            place = root.joinpath(*here, part)
            if not place.is_symlink():
                here.append(part)
                if len(here) > _DEEPEST:
                    raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))
                continue
            followed += 1
            if followed > _LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
            target = str(place.readlink())
            here = [] if target.startswith("/") else here
            ahead += target.split("/")[::-1]
    return root.joinpath(*here)


def matches(root: Path, pattern: str) -> list[tuple[str, Path]]:
    """Return the names that a pattern of COPY stands for and where they lie below `root`, links followed.

    `*` stands for no `/`.
    """
    found = [("", root)]
    for part in normpath(f"/{pattern}").split("/"):
        if part:
            found = [match for _, place in found for match in _named(root, place, part)]
    return found


def is_optional(root: Path, pattern: str) -> bool:
    """Whether COPY may find nothing by a pattern: `*` stands in it, behind a folder that is there.

    So it is with BuildKit (moby/moby issue 26332; of the folder moby/buildkit issue 2933).
    """
    parts = normpath(f"/{pattern}").split("/")
    folder = list(takewhile(lambda part: not _is_pattern(part), parts))
    return len(folder) < len(parts) and bool(matches(root, "/".join(folder)))


def copy(source: Path, root: Path, target: PurePath | str) -> None:
    """Copy a file to `target` below `root`, or what is in a folder into it; what is in its way is replaced.

    Links within a folder are copied as links.
    """
    if not source.is_dir():
        _copy_file(source, inside(root, target))
        return
    folder = inside(root, target)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copymode(source, folder)
    for each in sorted(source.iterdir()):
        if each.is_dir() and not each.is_symlink():
            copy(each, root, PurePath(target) / each.name)
        else:
            _copy_file(each, folder / each.name)


def write(root: Path, target: PurePath | str, text: str) -> None:
    """Write a file below `root`, in the stead of whatever has its name."""
    path = inside(root, PurePath(target).parent) / PurePath(target).name
    _clear(path)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def _named(root: Path, folder: Path, part: str) -> Iterator[tuple[str, Path]]:
    if not folder.is_dir():
        return
    names = sorted(each.name for each in folder.iterdir()) if _is_pattern(part) else [part]
    for name in names:
        if name == part or fnmatchcase(name, part):
            with suppress(OSError):  # links that go round lead to nothing
                place = inside(root, folder.relative_to(root) / name)
                if place.exists():
                    yield name, place


def _is_pattern(part: str) -> bool:
    return any(sign in part for sign in "*?[")


def _copy_file(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    _clear(place)
    shutil.copy2(source, place, follow_symlinks=False)


def _clear(place: Path) -> None:
    """Remove a file or a link, so that nothing is written through it."""
    if place.is_symlink() or not place.is_dir():
        place.unlink(missing_ok=True)
