"""Secrets of a run: random, new each run, and known as ours wherever they turn up.

A builder keeps the layers that it made, whatever secret a step was given: the layer of an unchanged step
holds the secret of an earlier run, which only its mark gives away.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

MARK: Final = "5pAcEd0cK"
_MARK_BYTES: Final = MARK.encode()
PATTERN: Final = re.compile(_MARK_BYTES + rb"[\w-]{16,}")


def fresh(size: int = 24) -> str:
    """Return a new secret of letters, digits, `-` and `_`, with `size` random bytes in it."""
    return MARK + secrets.token_urlsafe(size)


def is_in(text: bytes) -> bool:
    """Whether a secret of a run, of this one or another, is in `text`."""
    return _MARK_BYTES in text and PATTERN.search(text) is not None  # the first is ten times as fast
