"""A container's control group in the files of this machine, where the engine runs on it.

To read it there costs nothing. The engine counts once a second, and keeps waiting who asks sooner; whoever
looks from within the container starts a process there. A group is named after its container, whose number
no two engines share: where it is not found, the engine is elsewhere, or keeps its groups in other places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/")


def read_counted(container: str, paths: Iterable[str], root: Path = _ROOT) -> str:
    """Return what these files hold, which are named as the container sees them; empty where none is found."""
    texts = []
    for path in paths:
        for place in _places(container, root / path.lstrip("/")):
            with suppress(OSError):
                texts.append(place.read_text())
                break
    return "".join(texts)


def _places(container: str, seen: Path) -> Iterator[Path]:
    """Where the engine's drivers `cgroupfs` and `systemd` put a group, of control groups of both versions."""
    yield seen.parent / "docker" / container / seen.name
    yield seen.parent / "system.slice" / f"docker-{container}.scope" / seen.name
