"""The manifest's services, started side by side in threads while the Space itself is built."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import ModuleType
from typing import Self

from spacedock import services
from spacedock.errors import UsageError
from spacedock.progress import Progress
from spacedock.services.base import Service
from spacedock.space import Space


def service_modules(space: Space) -> dict[str, ModuleType]:
    """Return the module of each service that the manifest uses. Raises UsageError for an unknown one."""
    return {name: service_module(name, asked_by=space.manifest.path) for name in space.manifest.services}


def service_module(name: str, *, asked_by: Path | None = None) -> ModuleType:
    """Return the module of the service. Raises UsageError when there is none."""
    modules = (found for found in pkgutil.iter_modules(services.__path__) if not found.ispkg)
    known = sorted(found.name for found in modules if found.name != "base")
    if name not in known:
        raise UsageError(
            f"there is no service `{name}`", path=asked_by, remedy=f"use one of {', '.join(known)}"
        )
    return importlib.import_module(f"{services.__name__}.{name}")


class Alongside:
    """Starts services on entering and returns at once; `ready` waits for them, leaving ends them."""

    def __init__(self, factories: Mapping[str, Callable[[], Service]], progress: Progress) -> None:
        self._factories = factories
        self._progress = progress
        self._pool = ThreadPoolExecutor(max(1, len(factories)), "service")
        self._starting: dict[str, Future[Service]] = {}

    def ready(self) -> dict[str, Service]:
        """Return every service by name, started. Raises the first error, the others noted on it."""
        wait(self._starting.values())
        errors = [error for start in self._starting.values() if (error := start.exception())]
        if errors:
            for other in errors[1:]:
                errors[0].add_note(f"and beside it: {other}")
            raise errors[0]
        return {name: start.result() for name, start in self._starting.items()}

    def add(self, name: str, factory: Callable[[], Service]) -> Service:
        """Start one more, which ends with the others; one that runs already is returned as it is."""
        if name not in self._starting or self._starting[name].exception():
            self._starting[name] = self._pool.submit(self._start, name, factory)
        return self._starting[name].result()

    @property
    def running(self) -> dict[str, Service]:
        """Every service by name that has started, also later than the others."""
        starts = self._starting.items()
        return {name: start.result() for name, start in starts if start.done() and not start.exception()}

    def _start(self, name: str, factory: Callable[[], Service]) -> Service:
        with self._progress(f"starting {name}"):
            return factory().__enter__()

    def __enter__(self) -> Self:
        self._starting = {
            name: self._pool.submit(self._start, name, factory) for name, factory in self._factories.items()
        }
        return self

    def __exit__(self, *exc: object) -> None:
        starts = [start for start in self._starting.values() if not start.cancel()]
        wait(starts)
        started = [start.result() for start in starts if not start.exception()]
        for end in [self._pool.submit(service.__exit__, None, None, None) for service in started]:
            end.result()
        self._pool.shutdown()
