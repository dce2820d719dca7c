"""Sound Spaces: each keeps every promise. A failure is one of them, changed for the worse."""

from __future__ import annotations

from pathlib import Path

from spacedock.errors import UsageError

FOLDER = Path(__file__).parent


def baselines() -> tuple[str, ...]:
    """Return their names."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/Dockerfile")))


def baseline(name: str) -> Path:
    """Return the folder of one. Raises UsageError for a name that is none."""
    if name not in baselines():
        raise UsageError(f"there is no baseline `{name}`", remedy=f"use one of {', '.join(baselines())}")
    return FOLDER / name
