"""Finds the promises: each module of `contract/promises` defines one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping

from spacedock.contract import promises
from spacedock.contract.promise import Promise
from spacedock.errors import UsageError


def all_promises() -> tuple[Promise, ...]:
    """Return one instance of each promise, by id."""
    found = sorted(module.name for module in pkgutil.iter_modules(promises.__path__))
    modules = (importlib.import_module(f"{promises.__name__}.{name}") for name in found)
    return tuple(_promise_in(module.__name__, vars(module)) for module in modules)


def chosen(ids: Iterable[str]) -> tuple[Promise, ...]:
    """Return the promises named; all of them when none is. Raises UsageError for a name that is none."""
    by_id = {promise.id: promise for promise in all_promises()}
    wanted = tuple(ids)
    for name in wanted:
        if name not in by_id:
            raise UsageError(f"there is no promise `{name}`", remedy=f"use one of {', '.join(by_id)}")
    return tuple(by_id[name] for name in wanted) or tuple(by_id.values())


def _promise_in(module: str, names: Mapping[str, object]) -> Promise:
    """Return the one promise that a module defines."""
    (found,) = (
        value
        for value in names.values()
        if isinstance(value, type) and issubclass(value, Promise) and value.__module__ == module
    )
    return found()
