"""The output formats, found by looking: a module of this room with a FORMAT, a `write` and an `is_ours`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from spacedock import verdict
from spacedock.writing import IsOurs


@dataclass(frozen=True)
class Format:
    """A way to write a verdict down."""

    write: Callable[..., str]
    is_ours: IsOurs  # of an earlier run: it may be replaced


def formats() -> dict[str, Format]:
    """Return each format by its name."""
    modules = (
        importlib.import_module(f"{verdict.__name__}.{found.name}")
        for found in pkgutil.iter_modules(verdict.__path__)
        if found.name != "formats"
    )
    return {
        module.FORMAT: Format(module.write, module.is_ours) for module in modules if hasattr(module, "FORMAT")
    }
