"""A Dockerfile without Docker: what its final stage copies, sets and starts, and which packages it installs.

Stages are read in order, so that one may start from, or copy from, an earlier one. What a RUN does beside
`pip install` cannot be had, nor what lies in other images or elsewhere: each is named in `Plan.not_run`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from spacedock.docks.process.pip import Install, read_installs
from spacedock.docks.process.stage import DockerfileStage
from spacedock.docks.process.tree import inside
from spacedock.errors import SpaceBuildError, UsageError
from spacedock.space import Dockerfile, Instruction
from spacedock.space.dockerfile import Room, expand

_PYTHON = re.compile(r"python[:_-]?(3\.\d{1,3})\b")
_SHOWN = 90  # characters of an instruction that a header line shows
_MOST_COPIED = 500  # instructions: no engine stacks as many layers
_NUMBER = re.compile(r"[0-9]{1,4}")  # of a stage
_ARCHIVE = re.compile(r".+\.(?:tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz|zst))")  # which ADD unpacks


@dataclass(frozen=True)
class Plan:
    """What it takes to start a Space's main process."""

    base: str  # the image that it starts from
    tree: Path  # the container's files, as far as they come from the Space
    workdir: PurePosixPath
    environment: Mapping[str, str]
    command: tuple[str, ...]
    user: str  # the USER instruction's word; empty when there is none
    python: str | None  # "3.11", when the base image's name tells
    installs: tuple[Install, ...]
    not_run: tuple[str, ...]


def read_plan(dockerfile: Dockerfile, context: Path, folder: Path, arguments: Mapping[str, str]) -> Plan:
    """Interpret `dockerfile` over a laid out `context`; files go below `folder`.

    Raises SpaceBuildError for a COPY of what is not there, for files that cannot be read, and when nothing
    says what to start.
    """
    reader = _Reader(dockerfile, context, folder, arguments)
    for step in dockerfile.instructions:
        reader.read(step)
    return reader.plan()


class _Reader:
    def __init__(
        self, dockerfile: Dockerfile, context: Path, folder: Path, arguments: Mapping[str, str]
    ) -> None:
        self._dockerfile = dockerfile
        self._context = context
        self._folder = folder
        self._arguments = arguments
        self._global: dict[str, str] = {}  # what is set before the first FROM
        self._stages: list[DockerfileStage] = []
        self._names: dict[str, DockerfileStage] = {}
        self._installs: list[Install] = []
        self._not_run: list[str] = []
        self._copied = 0
        self._room = Room()
        self._readers: Mapping[str, Callable[[DockerfileStage, Instruction], None]] = {
            "ADD": self._copy, "ARG": self._arg, "CMD": self._cmd, "COPY": self._copy,
            "ENTRYPOINT": self._entrypoint, "ENV": self._env, "RUN": self._run, "SHELL": self._shell,
            "USER": self._user, "WORKDIR": self._workdir,
        }  # fmt: skip

    def read(self, step: Instruction) -> None:
        """Take one instruction; those without a reader (EXPOSE, LABEL...) change nothing here."""
        if step.cmd == "FROM":
            self._from(step)
        elif not self._stages:
            pairs = step.pairs if step.cmd == "ARG" else ()
            self._global.update((name, expand(value, self._global, self._room)) for name, value in pairs)
        elif step.cmd in self._readers:
            try:
                self._readers[step.cmd](self._stages[-1], step)
            except UsageError as error:  # a file that is named in it cannot be read
                raise self._unreadable(step, error) from None
            except (OSError, ValueError) as error:  # a path that cannot be, or a loop of links
                raise self._impossible(step, error) from None

    def plan(self) -> Plan:
        stage = self._stages[-1]
        if not stage.started:
            raise SpaceBuildError(
                "it has neither CMD nor ENTRYPOINT: the Space would start whatever its base image starts",
                path=self._dockerfile.path,
                remedy='say what starts the server, e.g. `CMD ["python", "app.py"]`',
            )
        python = _PYTHON.search(stage.base)
        return Plan(
            stage.base, stage.tree, stage.workdir, stage.environment, stage.started, stage.user,
            python[1] if python else None, tuple(self._installs), tuple(self._not_run),
        )  # fmt: skip

    def _from(self, step: Instruction) -> None:
        image = expand(step.value[0], self._global, self._room)
        tree = self._folder / f"stage-{len(self._stages)}"
        earlier = self._stage(image)
        if earlier:
            stage = earlier.continued(tree)
        else:
            tree.mkdir(parents=True)
            stage = DockerfileStage(tree, image, self._room)
        self._stages.append(stage)
        if len(step.value) > 2:
            self._names[step.value[2].lower()] = stage

    def _stage(self, name: str) -> DockerfileStage | None:
        """Return an earlier stage by name or number."""
        if _NUMBER.fullmatch(name) and int(name) < len(self._stages):
            return self._stages[int(name)]
        return self._names.get(name.lower())

    def _arg(self, stage: DockerfileStage, step: Instruction) -> None:
        for name, default in step.pairs:
            stage.declare(name, default or self._global.get(name, ""), self._arguments)

    def _env(self, stage: DockerfileStage, step: Instruction) -> None:
        # Within one ENV every value sees the environment as it was before (Dockerfile reference, ENV).
        stage.environment.update([(name, stage.expand(value)) for name, value in step.pairs])

    def _workdir(self, stage: DockerfileStage, step: Instruction) -> None:
        stage.enter(step.value[0])

    def _user(self, stage: DockerfileStage, step: Instruction) -> None:
        stage.user = stage.expand(step.value[0])

    def _shell(self, stage: DockerfileStage, step: Instruction) -> None:
        stage.shell = step.value

    def _cmd(self, stage: DockerfileStage, step: Instruction) -> None:
        stage.command = stage.words(step)

    def _entrypoint(self, stage: DockerfileStage, step: Instruction) -> None:
        stage.entrypoint = stage.words(step)

    def _run(self, stage: DockerfileStage, step: Instruction) -> None:
        script = shlex.join(step.value) if step.json else " ".join(step.value)

        def find(name: str) -> Path | None:
            # A RUN may also read a file from a bind mount, which is never copied.
            places = (stage.place(name), inside(self._context, name))
            return next((place for place in places if place.is_file()), None)

        found, complete = read_installs(stage.expand(script), find)
        around, workdir = (stage.tree, self._context), stage.place(".")
        installs = [replace(install, around=around, workdir=workdir) for install in found]
        for install in installs:
            _ = install.texts  # which are read here, where what cannot be read has a line
        self._installs += installs
        if not complete:
            self._leave_out(step)

    def _copy(self, stage: DockerfileStage, step: Instruction) -> None:
        *sources, target = (stage.expand(word) for word in step.value)
        flags = dict(flag.removeprefix("--").partition("=")[::2] for flag in step.flags)
        local = tuple(source for source in sources if not source.startswith("<<") and "://" not in source)
        origin: Path | None = self._context
        if name := flags.get("from"):
            origin = self._origin(name, stage, step)
        self._count(step)
        missing = stage.copy(origin, local, target) if origin else name
        if missing and not name:
            raise SpaceBuildError(
                f"{step.cmd} {missing}: there is no such file among what would be pushed",
                path=self._dockerfile.path,
                line=step.line,
                remedy="add it to git, or correct the path or .dockerignore",
            )
        unpacked = step.cmd == "ADD" and any(map(_ARCHIVE.fullmatch, local))
        if missing or unpacked or len(local) < len(sources):
            self._leave_out(step)

    def _origin(self, name: str, stage: DockerfileStage, step: Instruction) -> Path | None:
        """Return the files of the stage that a COPY names; None for another image's."""
        earlier = self._stage(name)
        if earlier is stage:
            raise SpaceBuildError(
                f"{step.cmd} --from={name} names the stage that it stands in",
                path=self._dockerfile.path,
                line=step.line,
                remedy="name an earlier stage, or an image",
            )
        return earlier.tree if earlier else None

    def _count(self, step: Instruction) -> None:
        self._copied += 1
        if self._copied > _MOST_COPIED:
            raise SpaceBuildError(
                f"more than {_MOST_COPIED} instructions copy files: no engine stacks as many layers",
                path=self._dockerfile.path,
                line=step.line,
                remedy="copy folders, not files",
            )

    def _unreadable(self, step: Instruction, error: UsageError) -> SpaceBuildError:
        name = Path(error.path).name if error.path else step.cmd
        return SpaceBuildError(
            f"{step.cmd} needs {name}: {error.what}",
            path=self._dockerfile.path,
            line=step.line,
            remedy=error.remedy,
        )

    def _impossible(self, step: Instruction, error: OSError | ValueError) -> SpaceBuildError:
        why = error.strerror or "not to be done" if isinstance(error, OSError) else str(error)
        what = f": {error.filename}" if isinstance(error, OSError) and error.filename else ""
        what = what.replace(str(self._folder), "")
        return SpaceBuildError(
            f"{step.cmd} cannot be carried out: {why}{what}",
            path=self._dockerfile.path,
            line=step.line,
            remedy="correct its paths, and the links that they go through",
        )

    def _leave_out(self, step: Instruction) -> None:
        text = " ".join(step.original.split())
        text = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
        self._not_run.append(f"{self._dockerfile.path.name}:{step.line} {text}")
