"""This Space changed for the worse by a line: a module a subject, each with its `SPECIMENS`."""

from __future__ import annotations

import importlib
import pkgutil

from tests.integration.specimens.base import Specimen


def all_specimens() -> tuple[Specimen, ...]:
    """Return the specimens of every module of this room."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name != "base")
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple(specimen for module in modules for specimen in module.SPECIMENS)
