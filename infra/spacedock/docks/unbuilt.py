"""A dock in which nothing can be booted, because the Space does not build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, NoReturn, Self

from spacedock.docks.boots import BootSpec
from spacedock.docks.dock import Dock, OpenDock
from spacedock.docks.image_facts import FileInspector, Identity, ImageAdditions, Sighting
from spacedock.docks.instance import FullInstance
from spacedock.errors import SpaceBuildError
from spacedock.services.base import Service

if TYPE_CHECKING:
    from spacedock.services.faults.network import (
        NetworkFaults,  # needs testcontainers, which is slow to import
    )


@contextmanager
def entered(dock: Dock) -> Iterator[OpenDock]:
    """Enter a dock; where the Space does not build, give one that has nothing and says why.

    What can be said of such a Space without a boot is said all the same.
    """
    with ExitStack() as stack:
        opened: OpenDock
        try:
            opened = stack.enter_context(dock)
        except SpaceBuildError as error:
            opened = Unbuilt(dock, error)
        yield opened


class Unbuilt:
    """Stands for a dock that could not be entered: whoever asks it for more than words meets `error`."""

    def __init__(self, dock: Dock, error: SpaceBuildError) -> None:
        self.error = error
        self.name = dock.name
        self.capabilities = dock.capabilities
        self.conditions = dock.conditions
        self.shares_ports = dock.shares_ports
        self.header = ("the Space does not build",)
        self.services: Mapping[str, Service] = {}
        self.canaries: Mapping[str, tuple[str, ...]] = {}  # none got into the build's log: it is redacted

    def image_identity(self) -> Identity | None:
        """None: there is no image."""
        return None

    def boot(self, _spec: BootSpec) -> FullInstance:
        self._refuse()

    def start(self, _service: str) -> Service:
        self._refuse()

    def made(self) -> ImageAdditions:
        self._refuse()

    def search(self, _look: FileInspector, _rules: str) -> Future[tuple[Sighting, ...]]:
        self._refuse()

    def faults(self) -> AbstractContextManager[NetworkFaults]:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise self.error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing is open."""
