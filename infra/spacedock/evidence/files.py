"""What the files of a Space and its repository show, before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spacedock.evidence.base import FILES, WHAT_IS_READ, Evidence, Input, Surroundings
from spacedock.evidence.cores import Sizing, sizings
from spacedock.evidence.pushed import Carried, carried, in_folder
from spacedock.space.defects import Defect
from spacedock.space.workflows import Deploy, deploys

_WITH_REPOSITORY = WHAT_IS_READ | {Input.REPOSITORY}


@dataclass(frozen=True)
class FrontMatterDefects(Evidence[tuple[Defect, ...]]):
    """What the Hub refuses of the block at the head of README.md, in the order of its lines."""

    needs: ClassVar = FILES
    inputs: ClassVar = frozenset({Input.README, Input.HARNESS})

    def gather(self, around: Surroundings) -> tuple[Defect, ...]:
        """It was found when the block was read."""
        return around.space.front_matter.defects


@dataclass(frozen=True)
class Deploys(Evidence[tuple[Deploy, ...]]):
    """The steps of workflows that bring the Space to the Hub."""

    needs: ClassVar = FILES
    inputs: ClassVar = _WITH_REPOSITORY

    def gather(self, around: Surroundings) -> tuple[Deploy, ...]:
        """Read the workflows of the repository that it lies in."""
        return deploys(around.space.root, around.space.manifest.space.id)


@dataclass(frozen=True)
class PushedFiles(Evidence[tuple[Carried, ...] | None]):
    """Each file that a push with git carries; None where the Space is in no git repository."""

    with_history: bool = True

    needs: ClassVar = FILES
    inputs: ClassVar = _WITH_REPOSITORY

    def gather(self, around: Surroundings) -> tuple[Carried, ...] | None:
        """Ask git."""
        return carried(around.space, with_history=self.with_history)


@dataclass(frozen=True)
class FolderSize(Evidence[int]):
    """The bytes of all files as they lie in the Space's folder."""

    needs: ClassVar = FILES
    inputs: ClassVar = _WITH_REPOSITORY  # where there is one, it says which files ship

    def gather(self, around: Surroundings) -> int:
        """Add them up."""
        return in_folder(around.space)


@dataclass(frozen=True)
class HostSizings(Evidence[tuple[Sizing, ...]]):
    """Where the Space takes the processors of the host for its own, and that leads to more than `most`."""

    most: int

    needs: ClassVar = FILES
    inputs: ClassVar = _WITH_REPOSITORY

    def gather(self, around: Surroundings) -> tuple[Sizing, ...]:
        """Read what somebody wrote for it."""
        return sizings(around.space, self.most)


@dataclass(frozen=True)
class ShippedFiles(Evidence[tuple[str, ...]]):
    """The paths of what would be pushed, relative to the Space's folder and sorted."""

    needs: ClassVar = FILES
    inputs: ClassVar = WHAT_IS_READ | {Input.REPOSITORY}  # git knows which of them it tracks

    def gather(self, around: Surroundings) -> tuple[str, ...]:
        """List them."""
        return around.space.files()
