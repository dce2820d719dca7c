"""One stage of a Dockerfile while it is read: its files, its settings, what it would start."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from posixpath import normpath

from spacedock.docks.process.tree import copy, inside, is_optional, matches
from spacedock.space import Instruction
from spacedock.space.dockerfile import Room, expand

# Dockerfile reference, SHELL: the default on Linux.
_SHELL = ("/bin/sh", "-c")
_ROOT = PurePosixPath("/")


@dataclass
class DockerfileStage:
    """What the instructions read so far add up to; paths are the container's unless of type `Path`."""

    tree: Path  # the container's files, as far as they come from the Space
    base: str
    room: Room = field(default_factory=Room)
    workdir: PurePosixPath = _ROOT
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    shell: tuple[str, ...] = _SHELL
    user: str = ""

    def continued(self, tree: Path) -> DockerfileStage:
        """Return the stage that starts from this one, its files copied to `tree`."""
        shutil.copytree(self.tree, tree, symlinks=True)
        return replace(self, tree=tree, environment=dict(self.environment), arguments={})

    def expand(self, text: str) -> str:
        """Fill in what ARG and ENV set; ENV wins (Dockerfile reference, ARG)."""
        return expand(text, {**self.arguments, **self.environment}, self.room)

    def declare(self, name: str, default: str, given: Mapping[str, str]) -> None:
        """Take an ARG: what the build is given, its default, or what was set before the first FROM."""
        self.arguments[name] = given.get(name) or self.expand(default)

    def enter(self, folder: str) -> None:
        """Change the working directory, which comes to be."""
        self.workdir /= self.expand(folder)
        self.place(".").mkdir(parents=True, exist_ok=True)

    def words(self, step: Instruction) -> tuple[str, ...]:
        """Return what an ENTRYPOINT, CMD or RUN starts, in exec or in shell form."""
        return step.value if step.json else (*self.shell, *step.value)

    @property
    def started(self) -> tuple[str, ...]:
        """The command line; an ENTRYPOINT in shell form takes no CMD (Dockerfile reference, ENTRYPOINT)."""
        if self.entrypoint[: len(self.shell)] == self.shell:
            return self.entrypoint
        return (*self.entrypoint, *self.command)

    def place(self, path: str) -> Path:
        """Return where a path of the container lies in the tree. Raises OSError for a loop of links."""
        return inside(self.tree, self._absolute(path))

    def copy(self, origin: Path, sources: tuple[str, ...], target: str) -> str | None:
        """Do a COPY from the folder `origin`; return the first source that is not there and ought to be.

        Of a folder its contents are copied, a file into a folder that is named or is there. Raises OSError
        for what cannot be copied so, such as a folder onto a file.
        """
        found = {source: matches(origin, source) for source in sources}
        into = target.endswith(("/", ".")) or sum(map(len, found.values())) > 1
        for source, places in found.items():
            if not places and not is_optional(origin, source):
                return source
            for name, place in places:
                whole = not place.is_dir() and (into or self.place(target).is_dir())
                copy(place, self.tree, self._absolute(target) / name if whole else self._absolute(target))
        return None

    def _absolute(self, path: str) -> PurePosixPath:
        """Return a path of the container from its root on."""
        return PurePosixPath(normpath(_ROOT / self.workdir / self.expand(path)))
