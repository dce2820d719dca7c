"""What the kernel of this machine tells of a container's main process, where the engine runs on it.

To read it here runs nothing of the image: a program in there hangs, never ends or lies as it likes.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker.models.containers import Container

_ROOT = Path("/")
_SAME_USERS = ("0", "0", "4294967295")  # user_namespaces(7): the users in there are those out here
_LARGEST = 16 << 20  # characters


def read_at_hand(container: Container, paths: Iterable[str], root: Path = _ROOT) -> str | None:
    """Return what files of /proc hold, as its processes see them; None where that is not known for sure.

    Raises what the engine raises.
    """
    wanted = tuple(paths)
    if not all(path.startswith(("/proc/1/", "/proc/net/")) for path in wanted):
        return None
    container.reload()
    if not (number := container.attrs["State"].get("Pid")):
        return ""  # it has ended
    process = root / "proc" / str(number)
    with suppress(OSError):
        texts = [_text(process / _within(path)) for path in wanted if (process / _within(path)).exists()]
        # Looked at afterwards: a number that belongs to the container now has belonged to it all the time.
        if str(container.id) in _text(process / "cgroup") and _shares_users(process):
            return "".join(texts)
    return None


def _within(path: str) -> str:
    return path.removeprefix("/proc/").removeprefix("1/")


def _shares_users(process: Path) -> bool:
    return tuple(_text(process / "uid_map").split()) == _SAME_USERS


def _text(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(_LARGEST)
