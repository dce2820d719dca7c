"""What would be pushed, laid out in a folder: the build context of both docks."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from spacedock.errors import FrontMatterError, NoDockerfileError, UsageError, is_this_machines
from spacedock.space import Space, dockerignore
from spacedock.space.files import followed

_EXECUTABLE = 0o755
_PLAIN = 0o644
_READ_BY_BUILDERS = (dockerignore.NAME, dockerignore.BUILDKIT_NAME)  # beside the Dockerfile
_ALWAYS_THERE = frozenset({"Dockerfile", *_READ_BY_BUILDERS})
_DEEPEST = 256  # folders; what lies deeper nobody who walks through it comes to: Python's recursion, `tar`


def lay_out(space: Space, folder: Path) -> Path:
    """Copy the Space's files to `folder`, README and Dockerfile to where Hugging Face reads them.

    What the builder and we ourselves read there are files of ours, and no links. Raises UsageError where
    README or Dockerfile is here and would not be pushed, and for what cannot be laid out.
    """
    for name in space.files():
        _require_shallow(space, name)
        _copy(space.root / name, folder / name)
    for path, name, missing in (
        (space.front_matter.path, "README.md", FrontMatterError),
        (space.dockerfile.path, "Dockerfile", NoDockerfileError),
    ):
        if followed(path) != followed(space.root / name):
            _clear(folder / name, path)
            _copy(followed(path), folder / name)
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
    """Remove from a laid out context what its `.dockerignore` keeps from the platform's builder."""
    ignored = dockerignore.read_dockerignore(context, buildkit=True)
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
        target = followed(path)
        if target.is_symlink() or not target.is_relative_to(followed(folder)) or not target.is_file():
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


def _require_shallow(space: Space, name: str) -> None:
    if (depth := name.count("/")) > _DEEPEST:
        raise UsageError(
            f"{name[:40]}... lies {depth} folders deep; {_DEEPEST} are laid out",
            path=space.root,
            remedy="leave it out of `space.ships`, or take it out of the repository",
        )


def _copy(source: Path, target: Path) -> None:
    """Copy as git would check it out: git knows links and the executable bit, and no other mode."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # a link in its place would be written through
        if source.is_symlink():
            target.symlink_to(source.readlink())
        elif source.is_dir():  # a submodule, which a push does not carry
            target.mkdir()
        else:
            shutil.copyfile(source, target)
            target.chmod(_EXECUTABLE if source.stat().st_mode & stat.S_IXUSR else _PLAIN)
    except OSError as error:
        if is_this_machines(error):
            raise
        raise UsageError(
            f"it cannot be read: {error.strerror}",
            path=source,
            remedy="make it a readable file, or leave it out",
        ) from None
