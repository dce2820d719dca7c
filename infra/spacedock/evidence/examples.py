"""How several things that show one defect are told in one line."""

from __future__ import annotations

from collections.abc import Iterable

_SHOWN = 3


def told(examples: Iterable[str]) -> str:
    """Return the first few, and how many there are beside them."""
    every = list(examples)
    rest = f" (and {len(every) - _SHOWN} more)" if len(every) > _SHOWN else ""
    return "; ".join(every[:_SHOWN]) + rest
