"""Where a stranger's processes are let run: as whom, and within bubblewrap where it is here and works.

In it nothing but folders of theirs can be written, /tmp and /dev/shm are private, other processes and the
caller's home cannot be seen, and with the first process all others end, as in a container. Whoever they are
outside, they are the platform's user inside. The network is the machine's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacedock.docks.process.kept import Kept, RunAs
from spacedock.platform import USER_ID

_PRIVATE = ("/tmp", "/var/tmp")  # noqa: S108 - made anew within
_UNSHARED = ("--die-with-parent", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--as-pid-1")
_PROBE = 10.0  # seconds that bubblewrap gets to show whether it works


@dataclass(frozen=True)
class Quarters:
    """`user` is None for the caller's own; `bubblewrap` is empty where there is none that works."""

    user: int | None = None
    bubblewrap: str = ""
    read: tuple[Path, ...] = ()  # shown although bubblewrap hides what they lie in

    def around(self, *written: Path) -> RunAs:
        """Return how a command is confined that may write these folders, which belong to its user."""
        if not self.bubblewrap:
            return RunAs(self.user)
        return RunAs(self.user, (self.bubblewrap, *self._arguments(written)))

    def _arguments(self, written: Sequence[Path]) -> Iterator[str]:
        yield from _UNSHARED
        yield from ("--uid", str(USER_ID.value), "--gid", str(USER_ID.value))
        yield from ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
        for hidden in (*_PRIVATE, *_home()):
            yield from ("--tmpfs", hidden)
        for option, paths in (("--ro-bind", self.read), ("--bind", written)):
            for path in paths:
                yield from (option, str(path), str(path))


def find_quarters(user: int | None, read: Sequence[Path], *command: str) -> Quarters:
    """Return the quarters for `user` in which `command` ends well: within bubblewrap if it does so there."""
    program = shutil.which("bwrap")
    bare = Quarters(user)
    if program is None:
        return bare
    within = Quarters(user, program, tuple(path for path in dict.fromkeys(read) if path.exists()))
    with Kept(
        command, folder=Path("/"), environment={}, run_as=within.around(), output=subprocess.DEVNULL
    ) as kept:
        return within if kept.ended(_PROBE) and kept.exit_code() == 0 else bare


def _home() -> tuple[str, ...]:
    """The caller's home, unless it is root's, into which its stranger may not look anyway."""
    home = Path.home().resolve()
    return () if os.geteuid() == 0 or home == Path("/") or not home.is_dir() else (str(home),)
