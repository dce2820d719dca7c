"""The files of a Space as they would be pushed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spacedock.evidence.base import FILES, WHAT_IS_READ, Evidence, Input, Surroundings


@dataclass(frozen=True)
class ShippedFiles(Evidence[tuple[str, ...]]):
    """Their paths, relative to the Space's folder and sorted."""

    needs: ClassVar = FILES
    inputs: ClassVar = WHAT_IS_READ | {Input.REPOSITORY}  # git knows which of them it tracks

    def gather(self, around: Surroundings) -> tuple[str, ...]:
        """List them."""
        return around.space.files()
