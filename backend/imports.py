"""Imports of many modules at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Look for no garbage meanwhile, nor ever again in what was made.

    What modules are made of stays, and the collector would look through all of it again and again: a sixth of
    the time that the imports of this application take (`benchmarks/backend/imports.py`).
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
