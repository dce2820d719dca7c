"""Where a Space runs: a dock is described, and entered; what was entered boots the Space."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import Conditions
from spacedock.docks.image_facts import FileInspector, Identity, ImageAdditions, Sighting
from spacedock.docks.instance import FullInstance
from spacedock.services.base import Service

if TYPE_CHECKING:
    from concurrent.futures import Future

    from spacedock.services.faults.network import (
        NetworkFaults,  # needs testcontainers, which is slow to import
    )
    from spacedock.services.faults.openai import OpenAIFaults


class Described(Protocol):
    """What is known of a dock, entered or not."""

    @property
    def name(self) -> str: ...
    @property
    def capabilities(self) -> frozenset[Capability]: ...
    @property
    def conditions(self) -> Conditions:
        """What the platform is taken to do in this run."""
        ...

    @property
    def shares_ports(self) -> bool:
        """Whether instances live on one set of ports, so that two may not want the same one at once."""
        ...


class Dock(Described, Protocol):
    """Where a Space can run. Entering builds the Space and starts its services."""

    def __enter__(self) -> OpenDock: ...
    def __exit__(self, *exc: object) -> None: ...


class Imaged(Protocol):
    """What an image shows that was built of the Space. All but `image_identity` needs IMAGE."""

    def image_identity(self) -> Identity | None:
        """Whom the Space's image runs as by itself; None where there is no image."""
        ...

    def made(self) -> ImageAdditions:
        """What the Space's image adds to its base. Raises NotImplementedError without an image."""
        ...

    def search(self, look: FileInspector, rules: str) -> Future[tuple[Sighting, ...]]:
        """Begin to look into each file that the image adds to its base, deleted ones too, each layer once.

        Equal `rules` must see equal things in equal files: what was clean by them is not looked at again.
        Raises NotImplementedError without an image.
        """
        ...


class OpenDock(Described, Imaged, Protocol):
    """A dock that was entered: the Space is built, its services run."""

    @property
    def header(self) -> tuple[str, ...]:
        """What a reader of the verdict must know: engine, stand-ins, what is different here."""
        ...

    @property
    def not_carried_out(self) -> tuple[str, ...]:
        """The steps of the Dockerfile that nobody has tried here, each with its line."""
        ...

    @property
    def services(self) -> Mapping[str, Service]:
        """The services beside the Space, by name."""
        ...

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        """For each secret's name the strings that must never be seen in a log or an answer."""
        ...

    def boot(self, spec: BootSpec) -> FullInstance:
        """Boot the Space and wait until it is ready or is known not to be.

        An instance is returned in both cases; `instance.boot` says which.
        """
        ...

    def start(self, service: str) -> Service:
        """Start one more service beside the Space, for as long as the dock is open.

        One that runs already is returned as it is. Raises UsageError for one that does not exist.
        """
        ...

    def model_bay(self, name: str) -> tuple[OpenAIFaults, tuple[tuple[str, str], ...]]:
        """A bay of the OpenAI double that nobody else meets: its faults, and what leads a boot to it.

        The pairs are for `BootSpec.environment`.
        """
        ...

    def faults(self) -> AbstractContextManager[NetworkFaults]:
        """A proxy in front of each service that runs, for a Space that boots with its `environment`."""
        ...
