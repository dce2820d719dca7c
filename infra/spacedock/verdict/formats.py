"""The output formats, found by looking: a module of this room with a FORMAT and a `write` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from spacedock import verdict

Write = Callable[..., str]


def formats() -> dict[str, Write]:
    """Return each format's name with the function that writes it."""
    modules = (
        importlib.import_module(f"{verdict.__name__}.{found.name}")
        for found in pkgutil.iter_modules(verdict.__path__)
        if found.name != "formats"
    )
    return {module.FORMAT: module.write for module in modules if hasattr(module, "FORMAT")}
