"""One stage of a Dockerfile while it is read: its files, its settings, what it would start."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from posixpath import normpath

from spacedock.space import Instruction
from spacedock.space.dockerfile import expand

# Dockerfile reference, SHELL: the default on Linux.
_SHELL = ("/bin/sh", "-c")
_ROOT = PurePosixPath("/")


@dataclass
class DockerfileStage:
    """What the instructions read so far add up to; paths are the container's unless of type `Path`."""

    tree: Path  # the container's files, as far as they come from the Space
    base: str
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
        return expand(text, {**self.arguments, **self.environment})

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
        """Return where a path of the container lies in the tree."""
        return self.tree / _inside(self.workdir / self.expand(path))

    def copy(self, origin: Path, sources: tuple[str, ...], target: str) -> str | None:
        """Do a COPY from the folder `origin`; return the first source that matches nothing."""
        found = {source: _matches(origin, source) for source in sources}
        into = target.endswith(("/", ".")) or sum(map(len, found.values())) > 1
        for source, paths in found.items():
            if not paths:
                return source
            for path in paths:
                _copy(path, self.place(target), into=into)
        return None


def _matches(origin: Path, source: str) -> list[Path]:
    pattern = _inside(PurePosixPath("/") / source)
    return sorted(origin.glob(pattern)) if pattern else [origin]


def _inside(path: PurePosixPath) -> str:
    """Return the path below the root, above which `..` does not lead (BuildKit cleans it so)."""
    return normpath(path).strip("/")


def _copy(path: Path, target: Path, *, into: bool) -> None:
    """Copy as COPY does: of a folder its contents, a file into a folder that is named or is there."""
    if path.is_dir():
        shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True)
        return
    if into or target.is_dir():
        target /= path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target, follow_symlinks=False)
