"""Where a Dockerfile puts things: folders of its stages, and virtual environments in them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from spacedock.space.dockerfile import Dockerfile, Instruction

_MAKES = re.compile(
    r"(?:-m venv|\bvirtualenv|\buv venv)(?:\s+--?[\w-]+(?:=\S+)?)*(?:\s+(?P<path>[^\s;&|-][^\s;&|]*))?"
)
_SYNCS = re.compile(r"\buv sync\b")
_USUAL = ".venv"


@dataclass(frozen=True)
class MadeEnvironment:
    """A virtual environment: which stage makes it, and where it lies in it."""

    stage: int
    path: str


@dataclass(frozen=True)
class PlacedStep:
    """An instruction with its stage and the folder that it works in."""

    stage: int
    folder: str
    step: Instruction


def placed(dockerfile: Dockerfile) -> Iterator[PlacedStep]:
    """Yield each instruction of a stage. A stage that goes on from another one works where that one did."""
    number, folder = -1, "/"
    last: dict[str, str] = {}  # folders in which stages ended, by their names
    name = ""
    for step in dockerfile.instructions:
        if step.cmd == "FROM":
            last[name] = folder
            number, folder = number + 1, last.get(step.value[0].lower(), "/")
            name = step.value[2].lower() if len(step.value) == 3 else str(number)
        elif step.cmd == "WORKDIR":
            folder = posixpath.normpath(posixpath.join(folder, step.value[0].strip("\"'")))
        if number >= 0:
            yield PlacedStep(number, folder, step)


def environments(dockerfile: Dockerfile) -> tuple[MadeEnvironment, ...]:
    """Return the virtual environments that its steps make."""
    return tuple(made for each in placed(dockerfile) for made in _made_by(each))


def _made_by(each: PlacedStep) -> Iterator[MadeEnvironment]:
    if each.step.cmd != "RUN":
        return
    for found in _MAKES.finditer(each.step.original):
        yield MadeEnvironment(each.stage, posixpath.join(each.folder, (found["path"] or _USUAL).strip("\"'")))
    if _SYNCS.search(each.step.original):
        yield MadeEnvironment(each.stage, posixpath.join(each.folder, _USUAL))


def moved(dockerfile: Dockerfile) -> Iterator[tuple[str, str]]:
    """Yield where an environment was made and where the last stage copies it to, when that is elsewhere."""
    made = environments(dockerfile)
    steps = list(placed(dockerfile))
    names = {
        each.step.value[2].lower(): each.stage
        for each in steps
        if each.step.cmd == "FROM" and len(each.step.value) == 3
    }
    for each in steps:
        if each.stage != steps[-1].stage or each.step.cmd != "COPY" or len(each.step.value) != 2:
            continue
        source = next((flag[7:] for flag in each.step.flags if flag.startswith("--from=")), "")
        stage = int(source) if source.isdigit() else names.get(source.lower())
        taken = posixpath.normpath(posixpath.join("/", each.step.value[0]))
        put = posixpath.normpath(posixpath.join(each.folder, each.step.value[1]))
        for environment in made:
            if environment.stage == stage and f"{environment.path}/".startswith(f"{taken}/"):
                now = put + environment.path[len(taken) :]
                if now != environment.path:
                    yield environment.path, now
