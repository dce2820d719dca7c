"""The files of a Space as they are read: whatever lies there, it costs a bounded time and memory."""

from __future__ import annotations

import codecs
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from spacedock.errors import NoTextFileError, UsageError

# A FIFO without a writer would not open otherwise, and a terminal would become ours.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_REMEDY = "put a file there, as text in UTF-8"
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open the regular file at `path`, or where a link there leads.

    Raises NoTextFileError where there is none, UsageError where it cannot be read.
    """
    try:
        _require_file(path, path.stat().st_mode)  # some devices do things when they are opened
        descriptor = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: no file can have such a name
        raise NoTextFileError("there is no file", path=path, remedy=_REMEDY) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    with os.fdopen(descriptor, "rb") as file:
        _require_file(path, os.fstat(descriptor).st_mode)
        try:
            yield file
        except OSError as error:
            raise _unreadable(path, error) from None


def read_bytes(path: Path, most: int) -> bytes:
    """Return what a file holds. Raises what `opened` does, and UsageError for more than `most` bytes."""
    with opened(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise UsageError(
            f"it is larger than {most // 1024} KiB, and not read",
            path=path,
            remedy="keep in it what belongs there",
        )
    return content


def read_text(path: Path, most: int) -> str:
    """Return the text of a file. Raises what `read_bytes` does, and NoTextFileError for what is no UTF-8."""
    return _decoded(read_bytes(path, most), path, final=True)


def read_head(path: Path, most: int) -> str:
    """Return the text of a file as far as it lies in its first `most` bytes.

    Raises what `opened` does, and NoTextFileError for what is no UTF-8.
    """
    with opened(path) as file:
        content = file.read(most)
        return _decoded(content, path, final=not file.read(1))


def followed(path: Path) -> Path:
    """Return where a path leads, its links followed; itself where they lead to each other, or on and on.

    `Path.resolve` raises for the former, and both ways of Python's for a thousand links. Linux follows 40.
    """
    try:
        return Path(os.path.realpath(path))
    except RecursionError:
        return Path(os.path.abspath(path))  # noqa: PTH100 - `Path.absolute` leaves `..` in it


def files_below(folder: Path) -> Iterator[Path]:
    """Yield each file and each link below a folder, in any order; folders that may not be read are empty."""
    folders = [folder]
    while folders:  # without recursion: a path may have thousands of parts
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif entry.is_symlink() or entry.is_file():
                    yield Path(entry.path)


def lines_of(text: str) -> list[str]:
    """Return the lines of a text as parsers count them: no other character than LF ends one."""
    return text.removesuffix("\n").split("\n") if text else []


def require_no_utf_16(path: Path, content: bytes) -> None:
    """Raise NoTextFileError for what an editor saved as UTF-16."""
    if content.startswith(_UTF_16):
        raise NoTextFileError("it is UTF-16, not UTF-8", path=path, line=1, remedy="save it as UTF-8")


def _decoded(content: bytes, path: Path, *, final: bool) -> str:
    require_no_utf_16(path, content)
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(content, final)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NoTextFileError(
            f"it is not UTF-8: {error.reason}", path=path, line=line, remedy="save it as UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _require_file(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise NoTextFileError(f"it is {kind}, not a file", path=path, remedy=_REMEDY)


def _unreadable(path: Path, error: OSError) -> UsageError:
    if error.errno == errno.ELOOP:
        return NoTextFileError("there is no file: links lead to each other", path=path, remedy=_REMEDY)
    what = error.strerror or str(error)
    return UsageError(f"it cannot be read: {what}", path=path, remedy="make it a file that can be read")
