"""What would be pushed, laid out in a folder: the build context of both docks."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from spacedock.errors import FrontMatterError, NoDockerfileError, UsageError
from spacedock.space import Space, dockerignore

_EXECUTABLE = 0o755
_PLAIN = 0o644
_DEEPEST = 100  # folders within each other; what copies and removes them goes down one by one
_READ_BY_BUILDERS = (".dockerignore", "Dockerfile.dockerignore")  # beside the Dockerfile
_ALWAYS_THERE = frozenset({"Dockerfile", dockerignore.NAME})  # the builder reads them


def lay_out(space: Space, folder: Path) -> Path:
    """Copy the Space's files to `folder`, README and Dockerfile to where Hugging Face reads them.

    What the builder and we ourselves read there are files of ours, and no links. Raises UsageError where
    README or Dockerfile is here and would not be pushed, for folders that lie too deep, and for what cannot
    be read.
    """
    for name in space.files():
        if name.count("/") > _DEEPEST:
            raise UsageError(
                f"more than {_DEEPEST} folders lie within each other",
                path=space.root / name,
                remedy="leave them out of what is pushed",
            )
        _copy(space.root / name, folder / name)
    for path, name, missing in (
        (space.front_matter.path, "README.md", FrontMatterError),
        (space.dockerfile.path, "Dockerfile", NoDockerfileError),
    ):
        if path.resolve() != (space.root / name).resolve():
            _clear(folder / name, path)
            _copy(path.resolve(), folder / name)
        elif not _own(folder / name, folder):
            raise missing(
                "it is here and would not be pushed: git does not track it, or `space.ships` leaves it out",
                path=path,
                remedy=f"git add {name}, and name it in `space.ships` where that is set",
            )
    for name in _READ_BY_BUILDERS:
        if not _own(folder / name, folder) and (folder / name).is_symlink():
            (folder / name).unlink()  # it leads to nothing that the builder has
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(_EXECUTABLE)
    return folder


def leave_out_ignored(context: Path) -> None:
    """Remove from a laid out context what its `.dockerignore` keeps from the builder."""
    ignored = dockerignore.read_dockerignore(context)
    for path in sorted(context.rglob("*"), reverse=True):
        name = path.relative_to(context).as_posix()
        if name in _ALWAYS_THERE or not ignored.leaves_out(name):
            continue
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        else:
            path.unlink()


def _own(path: Path, folder: Path) -> bool:
    """Make a link within `folder` the file that it leads to; return whether there is a file then."""
    if path.is_symlink():
        target = Path(os.path.realpath(path))
        if not target.is_relative_to(folder.resolve()) or not target.is_file():
            return False
        _copy(target, path)
    return path.is_file()


def _clear(target: Path, source: Path) -> None:
    """Make room where the file `source` goes. Raises UsageError where there is a folder of its name."""
    if target.is_dir() and not target.is_symlink():
        raise UsageError(
            f"it goes to {target.name}, where what is pushed has a folder",
            path=source,
            remedy="rename the folder, or leave it out of `space.ships`",
        )


def _copy(source: Path, target: Path) -> None:
    """Copy as git would check it out: git knows links and the executable bit, and no other mode."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # a link in its place would be written through
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    if source.is_dir():  # a submodule, which a push does not carry
        target.mkdir()
        return
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise UsageError(
            f"it cannot be read: {error.strerror}",
            path=source,
            remedy="make it a readable file, or leave it out",
        ) from None
    target.chmod(_EXECUTABLE if source.stat().st_mode & stat.S_IXUSR else _PLAIN)
