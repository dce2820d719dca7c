"""Why a step of a build failed, for what the step's own program says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacedock.contract.causes.base import ToldCause
from spacedock.space import Space

# shadow-utils, busybox, Debian's adduser.
_TAKEN = re.compile(
    r"(?:UID|GID|uid|gid) '?(?P<id>\d+)'? (?:is not unique|already exists|(?:is already )?in use)"
)
_LOCK = re.compile(
    r"`npm ci` can only install packages when your package\.json|ERR_PNPM_OUTDATED_LOCKFILE|"
    r"[Yy]our lockfile needs to be updated|The lockfile at `(?:uv\.lock|\S*/uv\.lock)` needs to be updated|"
    r"pyproject\.toml changed significantly since poetry\.lock|"
    r"lock ?file .{0,40}(?:out of date|not up to date)|"
    r"lockfile had changes, but lockfile is frozen"
)


def steps(log: str, _space: Space) -> Iterator[ToldCause]:
    """Say what the step met, where it is one of the things that many meet."""
    for found in _TAKEN.finditer(log):
        yield ToldCause(
            found.start(),
            f"the base has a user with id {found['id']} already (`{found[0]}`): ubuntu:24.04 calls it "
            "`ubuntu`, node images `node`",
            f"use the one that is there: take `useradd` out and write `USER {found['id']}`, or delete it "
            "first: `RUN userdel -r ubuntu`",
        )
    for found in _LOCK.finditer(log):
        yield ToldCause(
            found.start(),
            "the lock file is not in sync with the list of packages that it locks",
            "make it anew (`npm install`, `pnpm install`, `uv lock`, `poetry lock`) and commit both files",
        )
