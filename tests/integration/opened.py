"""A dock that is open already, for a run that is to find it so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spacedock.contract.finding import Finding
from spacedock.contract.registry import chosen
from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.run.loop import Run
from spacedock.space import Space


class Opened:
    """Stands for a dock; who enters it gets the open one, which whoever opened it closes."""

    def __init__(self, dock: OpenDock) -> None:
        self._dock = dock
        self.name = dock.name
        self.capabilities = dock.capabilities
        self.conditions = dock.conditions
        self.shares_ports = dock.shares_ports

    def __enter__(self) -> OpenDock:
        return self._dock

    def __exit__(self, *exc: object) -> None:
        """Nothing is closed."""


class _Lent:
    """An instance that is looked at, and closed by whoever booted it."""

    def __init__(self, instance: FullInstance) -> None:
        self._instance = instance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance, name)

    def close(self) -> None:
        """Stay."""


class _Serving:
    """An open dock in which the boot as deployed is an instance that runs already."""

    def __init__(self, dock: OpenDock, instance: FullInstance) -> None:
        self._dock = dock
        self._instance = instance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dock, name)

    def boot(self, spec: BootSpec) -> Any:
        return _Lent(self._instance) if spec == AS_DEPLOYED else self._dock.boot(spec)


def held(
    space: Space, dock: OpenDock, promises: Iterable[str], instance: FullInstance | None = None
) -> list[Finding]:
    """Hold the Space in its open dock to these promises, `instance` being the one as deployed if given."""
    given: Any = dock if instance is None else _Serving(dock, instance)
    with Run(space, Opened(given)) as run:
        return list(run.judge(chosen(promises)))
