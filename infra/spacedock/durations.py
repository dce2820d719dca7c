"""Durations as the front matter spells them, and as the platform's texts do."""

from __future__ import annotations

import re

# D spaces-config-reference, startup_duration_timeout: "any valid duration (like 1h, 30m)".
# A bare number is taken for seconds (I).
_DURATION = re.compile(r"(\d+)\s*(s|sec|seconds?|m|min|minutes?|h|hr|hours?|d|days?)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> float | None:
    """Return the seconds of `30m`, `1h`, `2 hours` or `90`; None for what is no duration, or an empty one."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        return None
    number, unit = found.groups()
    return float(number) * _SECONDS[(unit or "s")[0]] or None


def spelled(duration: float) -> str:
    """Return whole minutes as the platform writes them (`30 min`), everything else in seconds (`90 s`)."""
    if duration and duration % 60 == 0:
        return f"{duration / 60:.0f} min"
    return f"{round(duration, 3):g} s"
