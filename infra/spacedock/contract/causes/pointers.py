"""A pointer of Git LFS in the place of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacedock.contract.causes.base import ToldCause, head_of, pushed
from spacedock.space import Space

_POINTER = "version https://git-lfs.github.com/spec/"
_LOOKED_AT = 2000  # files
_LARGEST = 1024  # bytes of a pointer (git-lfs, docs/spec.md)
# What readers of binary files say of a text that begins with `v`.
_NO_SUCH_FORMAT = re.compile(
    r"invalid load key, 'v'|UnpicklingError|InvalidProtobuf|Protobuf parsing failed|HeaderTooLarge|"
    r"header too large|invalid header|not a valid|bad magic|magic number|cannot identify image file|"
    r"file is not a database|not a zip file|BadZipFile|Unable to (?:synchronously )?open file|"
    r"git-lfs\.github\.com|version https|Invalid data found|not recognized|corrupt|Could not open"
)


def pointers(log: str, space: Space) -> Iterator[ToldCause]:
    """Say which files are pointers, where the program could not read something."""
    complaints = list(_NO_SUCH_FORMAT.finditer(log))
    if not complaints:
        return
    names = [name for name in pushed(space)[:_LOOKED_AT] if _is_pointer(space, name)]
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield ToldCause(
            complaints[-1].start(),
            f"{', '.join(names[:3])}{more} is no file but a pointer of Git LFS, a text of three lines",
            "`git lfs pull` before the build, and push the objects as well (`git lfs push --all`): the Hub "
            "builds from what LFS holds; or upload with `hf upload`",
        )


def _is_pointer(space: Space, name: str) -> bool:
    try:
        small = (space.root / name).lstat().st_size <= _LARGEST
    except (OSError, ValueError):
        return False
    return small and head_of(space, name).startswith(_POINTER)
