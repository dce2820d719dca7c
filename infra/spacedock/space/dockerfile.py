"""The Dockerfile as Docker's own parser sees it, and what the harness wants to know of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# The parser of moby/buildkit itself, so that heredocs and continuations are read as Docker reads them.
import dockerfile as moby

from spacedock.errors import NoDockerfileError, UsageError

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?[-+](?P<default>[^}]*))?\}|(?P<plain>\w+))")


@dataclass(frozen=True)
class Instruction:
    """One instruction: `cmd` in upper case, `value` its words, `line` counted from 1."""

    cmd: str
    value: tuple[str, ...]
    flags: tuple[str, ...]
    json: bool
    line: int
    original: str

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The names and values of ENV and ARG, quotes removed; an ARG without a default is empty."""
        if self.cmd == "ARG":
            return tuple(
                (name, _unquote(value)) for name, _, value in (word.partition("=") for word in self.value)
            )
        names, values = self.value[::2], self.value[1::2]
        return tuple((name, _unquote(value)) for name, value in zip(names, values, strict=True))


@dataclass(frozen=True)
class Base:
    """An image that the build starts from; `arg` is the ARG that names it, if one does."""

    image: str
    arg: str | None
    line: int


@dataclass(frozen=True)
class Dockerfile:
    """A parsed Dockerfile."""

    path: Path
    instructions: tuple[Instruction, ...]

    @property
    def bases(self) -> tuple[Base, ...]:
        """Every image that has to come from outside, in order; stages and `scratch` do not."""
        return tuple(self._external_bases())

    @property
    def final_stage(self) -> tuple[Instruction, ...]:
        """The instructions from the last FROM on: what the image that runs is made of."""
        last = max(index for index, step in enumerate(self.instructions) if step.cmd == "FROM")
        return self.instructions[last:]

    @property
    def declared_args(self) -> frozenset[str]:
        """The names that an ARG declares within a stage; only those can be given at build time."""
        names: set[str] = set()
        in_stage = False
        for step in self.instructions:
            in_stage = in_stage or step.cmd == "FROM"
            if in_stage and step.cmd == "ARG":
                names.update(name for name, _ in step.pairs)
        return frozenset(names)

    def _external_bases(self) -> Iterator[Base]:
        defaults: dict[str, str] = {}
        stages: set[str] = set()
        for step in self.instructions:
            if step.cmd == "ARG":
                defaults.update(step.pairs)
            if step.cmd != "FROM":
                continue
            image = expand(step.value[0], defaults)
            if image not in stages and image != "scratch":
                yield Base(image, _argument_of(step.value[0]), step.line)
            if len(step.value) == 3:
                stages.add(step.value[2].lower())


def read_dockerfile(path: Path) -> Dockerfile:
    """Parse the Dockerfile at `path`.

    Raises UsageError with file and line when it is absent, unreadable or no image can come of it.
    """
    try:
        commands = moby.parse_file(str(path))
    except moby.GoIOError:
        raise NoDockerfileError(
            "there is no Dockerfile here",
            path=path,
            remedy="add one, or name it in the manifest: `[space] dockerfile = ...`",
        ) from None
    except moby.GoParseError as error:
        raise UsageError(
            f"Docker cannot parse it: {error}",
            path=path,
            line=_line_in(str(error)),
            remedy="correct it; `docker build` says the same",
        ) from None
    steps = tuple(
        Instruction(c.cmd.upper(), tuple(c.value), tuple(c.flags), bool(c.json), c.start_line, c.original)
        for c in commands
    )
    if not any(step.cmd == "FROM" for step in steps):
        raise UsageError("it has no FROM", path=path, line=1, remedy="start it with `FROM python:3.11-slim`")
    found = Dockerfile(path, steps)
    for base in found.bases:
        if not base.image:
            raise UsageError(
                "FROM names no image: its ARG has no default",
                path=path,
                line=base.line,
                remedy=f"give it one, `ARG {base.arg}=python:3.11-slim`: Hugging Face passes no value",
            )
    return found


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace `$NAME`, `${NAME}` and `${NAME:-default}` as the builder does; unknown names become empty."""

    def replace(match: re.Match[str]) -> str:
        name = match["braced"] or match["plain"]
        return values.get(name) or match["default"] or ""

    return _VARIABLE.sub(replace, text)


def _argument_of(text: str) -> str | None:
    """Return the ARG that alone makes up an image name."""
    match = _VARIABLE.fullmatch(text)
    return (match["braced"] or match["plain"]) if match else None


def _line_in(message: str) -> int | None:
    match = re.search(r"line (\d+)", message)
    return int(match[1]) if match else None


def _unquote(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text
