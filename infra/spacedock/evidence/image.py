"""What the image of a Space shows, without running it: settings, history, files, and whom it runs as."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from spacedock import canary
from spacedock.docks.capability import Capability
from spacedock.docks.image_facts import Identity, ImageAdditions, Sighting
from spacedock.evidence import keys, leaks
from spacedock.evidence.base import Evidence, Input, Surroundings
from spacedock.space import Space

_INPUTS = frozenset({Input.IMAGE, Input.HARNESS})
_NEEDS = frozenset({Capability.IMAGE})
_STEP_CHARACTERS = 120


@dataclass(frozen=True)
class ImageAdditionsSeen(Evidence[ImageAdditions]):
    """What the build added to its base image's settings, and the steps of its history."""

    needs: ClassVar = _NEEDS
    inputs: ClassVar = _INPUTS

    def gather(self, around: Surroundings) -> ImageAdditions:
        """Look at the image itself."""
        return around.dock.made()


@dataclass(frozen=True)
class ImageSecrets(Evidence[tuple[Sighting, ...]]):
    """Where a file above the base image, also one that was deleted again, holds what nobody should read."""

    needs: ClassVar = _NEEDS
    inputs: ClassVar = _INPUTS | {Input.MANIFEST}  # names the secrets

    def gather(self, around: Surroundings) -> tuple[Sighting, ...]:
        """Wait for the dock, which reads the layers while instances boot."""
        return tuple(each for each in _searched(around) if each.what != leaks.DATABASE)


@dataclass(frozen=True)
class ImageDatabases(Evidence[tuple[str, ...]]):
    """The paths of databases that the build has put into the image, those of packages left out."""

    needs: ClassVar = _NEEDS
    inputs: ClassVar = ImageSecrets.inputs

    def gather(self, around: Surroundings) -> tuple[str, ...]:
        """They were noted when the layers were read."""
        found = (each.path for each in _searched(around) if each.what == leaks.DATABASE)
        return tuple(dict.fromkeys(found))


def _searched(around: Surroundings) -> tuple[Sighting, ...]:
    return around.dock.search(leaks.inspector(around.space), leaks.rules(around.space)).result()


@dataclass(frozen=True)
class ImageIdentity(Evidence[Identity | None]):
    """Whom the image runs as by itself; None where there is no image."""

    needs: ClassVar = frozenset({Capability.BOOT})
    inputs: ClassVar = _INPUTS

    def gather(self, around: Surroundings) -> Identity | None:
        """Look at the image itself."""
        return around.dock.image_identity()


def shown(step: str, space: Space) -> str:
    """Return an instruction as it may be shown: without the values of secrets, and not too long."""
    for name in space.manifest.secrets:
        step = given(name).sub(rf"{name}=***", step)
    step = canary.PATTERN.sub(b"***", keys.without_keys(step).encode()).decode()
    step = " ".join(step.removesuffix("# buildkit").split())
    return step if len(step) <= _STEP_CHARACTERS else f"{step[:_STEP_CHARACTERS]}..."


def given(name: str) -> re.Pattern[str]:
    """Return what finds the value that an instruction gives a name."""
    return re.compile(rf"""(?<![\w-]){re.escape(name)}=("[^"]*"|'[^']*'|[^\s;&|]*)""")
