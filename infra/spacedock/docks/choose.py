"""Which dock a Space is booted in."""

from __future__ import annotations

from spacedock.docks.conditions import AS_OBSERVED, Conditions
from spacedock.docks.dock import Dock
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.process.dock import ProcessDock
from spacedock.engine import Engine
from spacedock.progress import Progress
from spacedock.runs import OpenRun
from spacedock.space import Space


def choose(
    name: str, space: Space, run: OpenRun, progress: Progress, conditions: Conditions = AS_OBSERVED
) -> Dock:
    """Return the dock `name` (auto, image or process); auto is image where a Docker engine answers.

    The image dock raises EngineError on entering when none does.
    """
    if name == "image" or (name == "auto" and Engine.answers()):
        return ImageDock(space, run, progress, conditions)
    return ProcessDock(space, run, progress, conditions)
