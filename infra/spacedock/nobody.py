"""The user whom a stranger's code runs as where the harness is root: one that nobody has, new in each run.

Uid 1000 is somebody's account on many machines, and `nobody` is shared with services. What belongs to a user
of this run alone can be found and ended, whatever it did to hide.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

from spacedock.errors import EngineError

_EVERYBODY_WRITES = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108 - swept, not used
_BEYOND_ALL = 2_000_000_000  # above what useradd, systemd and container engines give away
_HIGHEST = 2**31 - 1  # programs that take a uid for a signed number still run
_PLAIN_MODE = 0o755
_OVERFLOW = 65534  # whom the kernel shows where it knows no user
_END = ("/bin/sh", "-c", "kill -KILL -1")  # to all that it may signal, itself left out: race-free


def user_of(run_id: str) -> int | None:
    """Return the uid of a run's stranger, the same whenever it is asked; None where the harness is not root.

    Raises EngineError where root has no other user: in a user namespace of one.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    first, end = _range(_uid_map())
    drawn = int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:8], "big") % (end - first)
    for step in range(end - first):
        uid = first + (drawn + step) % (end - first)
        if _is_free(uid):
            return uid
    raise EngineError(
        "root has no other user here, and a stranger's code never runs as root",
        remedy="use --dock=image, or start it outside of this user namespace",
    )


def give(path: Path, user: int | None) -> None:
    """Make a file, or a link itself, the stranger's; the caller's own stay his."""
    if user is not None:
        os.chown(path, user, user, follow_symlinks=False)


def take(path: Path, user: int) -> None:
    """Make root's what a run's user made, without the bits that would let it run as another."""
    found = path.lstat()
    if found.st_uid != user:
        return
    os.chown(path, 0, 0, follow_symlinks=False)
    if not stat.S_ISLNK(found.st_mode):
        path.chmod(stat.S_IMODE(found.st_mode) & _PLAIN_MODE)


def end_all(user: int) -> None:
    """End every process of a run's user; returns when none can start another."""
    if user <= 0:
        raise ValueError(f"uid {user} is nobody's to end")
    with suppress(OSError):  # a user that cannot be had has no processes
        subprocess.run(_END, check=False, capture_output=True, user=user, group=user, extra_groups=[], env={})


def sweep(user: int) -> None:
    """Remove what a run's user left where everybody may write."""
    for folder in _EVERYBODY_WRITES:
        with suppress(OSError):
            for path in list(folder.iterdir()):
                _remove(path, user)


def _remove(path: Path, user: int) -> None:
    with suppress(OSError):
        if path.lstat().st_uid != user:
            return
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def _uid_map() -> str:
    try:
        return Path("/proc/self/uid_map").read_text(encoding="ascii")
    except OSError:  # no Linux, no namespaces
        return f"0 0 {_HIGHEST}"


def _range(uid_map: str) -> tuple[int, int]:
    """Return the uids to draw from, the end left out: the upper part of the widest range that is mapped."""
    rows = (tuple(map(int, line.split())) for line in uid_map.splitlines())
    first, end = max(((row[0], min(row[0] + row[2], _HIGHEST)) for row in rows), key=lambda at: at[1] - at[0])
    return (_BEYOND_ALL if end > _BEYOND_ALL else (first + end) // 2), end


def _is_free(uid: int) -> bool:
    if uid in {0, _OVERFLOW}:
        return False
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return True
    return False
