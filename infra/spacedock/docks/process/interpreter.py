"""A Python for the process dock: the base image's version where this machine has it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uv

from spacedock.errors import BuildError


@dataclass(frozen=True)
class Interpreter:
    """An executable Python: its whole version, and the one that the base image has if its name tells."""

    path: Path
    version: str
    wanted: str | None

    @property
    def prefix(self) -> Path:
        """The folder that it is installed in, with its library."""
        return self.path.resolve().parent.parent

    @property
    def exact(self) -> bool:
        """Whether it is of the version that the image has."""
        return self.wanted is None or f"{self.version}.".startswith(f"{self.wanted}.")


def find_interpreter(wanted: str | None, user: int | None) -> Interpreter:
    """Return a Python of version `wanted`, else the harness's own version, that uid `user` may run.

    Nothing is downloaded: a run takes what the machine has, and says so. Raises BuildError when there is
    none at all.
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    for request in (wanted or own, own, ">=3.9"):
        for path, version in _installed(request):
            if may_run(path, user):
                return Interpreter(path, version, wanted)
    raise BuildError(
        f"there is no Python that uid {user} may run, of version {wanted or own} or any other",
        remedy=f"install one for all users (on Debian/Ubuntu: apt-get install python3), or use --dock=image "
        f"(the one in use, {sys.executable}, lies in a folder that is closed to others)",
    )


def _installed(request: str) -> Iterator[tuple[Path, str]]:
    """Yield the Pythons on this machine that fit a version request, as uv finds them."""
    options = ["--only-installed", "--no-config", "--output-format", "json"]
    listing = subprocess.run(
        [uv.find_uv_bin(), "python", "list", request, *options],
        capture_output=True,
        check=False,
        text=True,
        cwd="/",  # none of a stranger's folder is a Python of this machine
    )
    for found in json.loads(listing.stdout or "[]"):
        if found["implementation"] == "cpython" and found["variant"] == "default":
            yield Path(found["path"]), found["version"]


def may_run(path: Path, user: int | None) -> bool:
    """Whether the user may execute `path` and reach what it links to."""
    real = path.resolve()
    if user is None or os.geteuid() == user:
        return os.access(real, os.X_OK)
    return all(place.stat().st_mode & stat.S_IXOTH for place in (*path.parents, real, *real.parents))
