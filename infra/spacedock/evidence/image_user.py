"""Whom an image runs as by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.capability import Capability
from spacedock.docks.image_facts import Identity
from spacedock.evidence.base import Evidence, Input, Surroundings


@dataclass(frozen=True)
class ImageUser(Evidence[Identity | None]):
    """The image's own user, and what the platform's finds in it; None where there is no image."""

    needs: ClassVar = frozenset({Capability.IMAGE})
    inputs: ClassVar = frozenset({Input.IMAGE, Input.HARNESS})

    def gather(self, around: Surroundings) -> Identity | None:
        """Read its settings and files."""
        return around.dock.image_identity()
