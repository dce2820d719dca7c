"""A file that the program opens and that was not pushed, though it lies here."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from spacedock.contract.causes.base import ToldCause, unpushed
from spacedock.space import Space

_ABSENT = re.compile(
    r"No such file or directory: b?['\"](?P<python>[^'\"\n]+)['\"]"
    r"|ENOENT: no such file or directory, \w+ '(?P<node>[^'\n]+)'"
    r"|open (?P<go>\S+): no such file or directory"
    r"|can't open file '(?P<main>[^'\n]+)'"
)
_DEEPEST = 6  # folders of a path that may be the Space's own


def files(log: str, space: Space) -> Iterator[ToldCause]:
    """Say where it is; a file that is nowhere the program's own words tell best."""
    for found in _ABSENT.finditer(log):
        path = next(filter(None, found.groups()))
        if here := unpushed(space, *_ends_of(path)):
            yield ToldCause(
                found.start(),
                f"it wants {path}: {here} is here, and git does not track it, so that it is not pushed",
                f"`git add {here}` (`-f` where .gitignore names it; with LFS or Xet where it is binary), or "
                "get it at start from a dataset repository",
            )


def _ends_of(path: str) -> list[str]:
    """Return what may be the Space's own part of a path in the image, the longest first."""
    parts = [part for part in posixpath.normpath(path).split("/") if part not in {"", ".", ".."}]
    return ["/".join(parts[-count:]) for count in range(min(len(parts), _DEEPEST), 0, -1)]
