"""Which dock a Space is booted in."""

from __future__ import annotations

from spacedock.docks.conditions import AS_OBSERVED, Conditions
from spacedock.docks.dock import Dock
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.process.dock import ProcessDock
from spacedock.engine import Engine
from spacedock.errors import NoConsentError
from spacedock.progress import Progress
from spacedock.runs import OpenRun
from spacedock.space import Space


def choose(  # noqa: PLR0913 - what a dock is made of, and the user's word
    name: str,
    space: Space,
    run: OpenRun,
    progress: Progress,
    conditions: Conditions = AS_OBSERVED,
    *,
    trusted: bool = False,
) -> Dock:
    """Return the dock `name` (auto, image or process); auto is image where a Docker engine answers.

    Where none does, auto is process if the Space is `trusted`: ours, or by the user's word. Raises
    NoConsentError where it is not. The image dock raises EngineError on entering when no engine answers.
    """
    if name == "image" or (name == "auto" and Engine.answers()):
        return ImageDock(space, run, progress, conditions)
    if name == "auto" and not trusted:
        raise NoConsentError(
            "no Docker engine answers, and nobody has agreed to run this Space without one",
            remedy="start Docker; or, if you trust its code and that of its packages, say `--trust` or "
            "`--dock=process`: both then run on this machine itself, in no container",
        )
    return ProcessDock(space, run, progress, conditions)
