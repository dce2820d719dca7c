"""The Dockerfile as Docker's own parser sees it, and what the harness wants to know of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# The parser of moby/buildkit itself, so that heredocs and continuations are read as Docker reads them.
import dockerfile as moby

from spacedock import platform
from spacedock.errors import NoDockerfileError, NoTextFileError, UsageError
from spacedock.space.defects import nearest, shown
from spacedock.space.files import read_bytes, require_no_utf_16
from spacedock.space.image_names import is_image_name

_LARGEST = 256 * 1024  # bytes
_LONGEST = 128 * 1024  # characters that variables expand to (Linux, MAX_ARG_STRLEN)
_LONGEST_TOGETHER = 16 * 2**20  # characters that they expand to in a whole Dockerfile
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?(?P<sign>[-+])(?P<default>[^{}]*))?\}|(?P<plain>\w+))")
# What a FROM knows without an ARG (Dockerfile reference, automatic platform ARGs in the global scope).
_PLATFORM = {
    f"{side}{part}": value
    for side in ("BUILD", "TARGET")
    for part, value in (
        ("PLATFORM", platform.ARCHITECTURE.value),
        ("OS", platform.ARCHITECTURE.value.partition("/")[0]),
        ("ARCH", platform.ARCHITECTURE.value.partition("/")[2]),
        ("VARIANT", ""),
    )
}
_NOT_OURS = frozenset({"node_modules", "vendor", "site-packages"})
_NAMED = 3  # Dockerfiles that lie elsewhere
_NO_CHARACTER = "\ufffd"  # stands for what is no UTF-8, and for NUL, at which the parser would end
# A syntax of somebody else's may have other rules; `docker/dockerfile` is the builder's own.
_FOREIGN_SYNTAX = re.compile(r"#\s*syntax\s*=\s*(?!(?:docker\.io/)?docker/dockerfile)\S", re.IGNORECASE)
# How many words the builder wants (BuildKit, frontend/dockerfile/instructions/parse.go).
_WORDS = {
    **dict.fromkeys(
        ("ARG", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL", "STOPSIGNAL"), 1
    ),
    **dict.fromkeys(("USER", "VOLUME", "WORKDIR"), 1),
    **dict.fromkeys(("ADD", "COPY"), 2),
}
_INSTRUCTIONS = frozenset({*_WORDS, "CMD", "ENTRYPOINT", "FROM", "RUN"})


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


@dataclass
class Room:
    """How many characters variables may still expand to, in all texts of a Dockerfile together."""

    left: int = _LONGEST_TOGETHER


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
    def copied_from(self) -> tuple[Base, ...]:
        """Every other image that has to come from outside, in order: COPY and mounts take files from it."""
        stages: set[str] = {"scratch", "context"}  # names that are no images; `context` is the builder's own
        found: list[Base] = []
        for step in self.instructions:
            if step.cmd == "FROM" and len(step.value) == 3:
                stages.add(step.value[2].lower())
            # A number is a stage's, and what is no name of an image the builder itself refuses.
            found += [
                Base(image, None, step.line)
                for image in _sources_of(step)
                if not image.isdigit() and image.lower() not in stages and is_image_name(image)
            ]
        return tuple(found)

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
        given: dict[str, str] = {}  # by an ARG above the first FROM: no other one is known to a FROM
        stages: set[str] = set()
        room = Room()
        began = False
        for step in self.instructions:
            if step.cmd == "ARG" and not began:
                for name, value in step.pairs:
                    given[name] = expand(value, _PLATFORM | given, room)
            if step.cmd != "FROM":
                continue
            began = True
            image = _unquote(expand(step.value[0], _PLATFORM | given, room))
            if image.lower() not in stages and image != "scratch":
                arg = _argument_of(step.value[0])
                yield Base(image, arg if arg in given else None, step.line)
            if len(step.value) == 3:
                stages.add(step.value[2].lower())


def _sources_of(step: Instruction) -> Iterator[str]:
    """Yield what an instruction's flags call the place that it takes files from."""
    for flag in step.flags:
        name, _, value = flag.partition("=")
        if step.cmd in {"COPY", "ADD"} and name == "--from":
            yield _unquote(value)
        elif step.cmd == "RUN" and name == "--mount":
            yield from (part[5:] for part in _unquote(value).split(",") if part.startswith("from="))


def read_dockerfile(path: Path) -> Dockerfile:
    """Parse the Dockerfile at `path`.

    Raises UsageError with file and line when it is absent, unreadable or no image can come of it.
    """
    text = _text(path)
    try:
        commands = moby.parse_string(text)
    except moby.GoParseError as error:
        raise UsageError(
            f"Docker cannot parse it: {error}",
            path=path,
            line=_line_in(str(error)),
            remedy="correct it; `docker build` says the same",
        ) from None
    steps = tuple(
        # A last line that only says that another one follows has no name, and no text.
        Instruction(
            (c.cmd or "\\").upper(),
            tuple(c.value),
            tuple(c.flags),
            bool(c.json),
            c.start_line,
            c.original or "",
        )
        for c in commands
    )
    if not any(step.cmd == "FROM" for step in steps):
        raise UsageError("it has no FROM", path=path, line=1, remedy="start it with `FROM python:3.11-slim`")
    foreign = bool(_FOREIGN_SYNTAX.match(text))
    _require_order(path, steps, any_instruction=foreign)
    for step in steps:
        _require_words(path, step)
    found = Dockerfile(path, steps)
    for base in found.bases:
        _require_image(path, base, any_name=foreign)
    return found


def _text(path: Path) -> str:
    """Return what the parser is given: comments may be in any encoding, and UTF-8 is all that it takes."""
    if not os.path.lexists(path):
        raise _no_dockerfile(path)
    try:
        content = read_bytes(path, _LARGEST)
    except NoTextFileError as error:
        raise NoDockerfileError(error.what, path=path, remedy=error.remedy) from None
    require_no_utf_16(path, content)
    return content.decode("utf-8", "replace").replace("\0", _NO_CHARACTER)


def _require_order(path: Path, steps: tuple[Instruction, ...], *, any_instruction: bool) -> None:
    """Raise UsageError for what is no instruction, and for one that stands in no stage."""
    began = False
    for step in steps:
        began = began or step.cmd == "FROM"
        if step.cmd not in _INSTRUCTIONS and not any_instruction:
            raise UsageError(
                f"{shown(step.cmd)} is no instruction: Docker does not build it",
                path=path,
                line=step.line,
                remedy=_meant(step.cmd),
            )
        if not began and step.cmd != "ARG":
            raise UsageError(
                f"{step.cmd} stands above the first FROM, where only ARG may",
                path=path,
                line=step.line,
                remedy="move it below FROM",
            )


def _meant(cmd: str) -> str:
    near = nearest(cmd, tuple(sorted(_INSTRUCTIONS)))
    return f"write {near}" if near else "correct its name, or end the line before it with `\\`"


def _no_dockerfile(path: Path) -> NoDockerfileError:
    """Return what is to be said where there is none: that one elsewhere is not read, where there is one."""
    others = sorted(
        other.relative_to(path.parent).as_posix()
        for pattern in ("*/Dockerfile", "*/*/Dockerfile")
        for other in path.parent.glob(pattern)
        if not any(part.startswith(".") or part in _NOT_OURS for part in other.relative_to(path.parent).parts)
    )[:_NAMED]
    if not others:
        return NoDockerfileError(
            "there is no Dockerfile here: Hugging Face builds the one at the root of the repository",
            path=path,
            remedy="add one; only where a workflow copies it there before the push, name it in the manifest: "
            "`[space] dockerfile = ...`",
        )
    return NoDockerfileError(
        f"there is no Dockerfile at the root of the repository, and Hugging Face reads no other: not "
        f"{', '.join(others)}",
        path=path,
        remedy=f"`git mv {others[0]} Dockerfile`, and write the paths of its COPY from the root on; only "
        "where a workflow copies it there before the push, name it in the manifest: "
        "`[space] dockerfile = ...`",
    )


def _require_words(path: Path, step: Instruction) -> None:
    """Raise UsageError for an instruction that the builder refuses for its words."""
    if _NO_CHARACTER in step.original:
        raise NoTextFileError("it is not UTF-8", path=path, line=step.line, remedy="save it as UTF-8")
    count = len(step.value)
    if step.cmd == "FROM" and not (count == 1 or (count == 3 and step.value[1].upper() == "AS")):
        what = "FROM names no image" if not count else "FROM is neither `FROM image` nor `FROM image AS name`"
        raise UsageError(what, path=path, line=step.line, remedy="write it as `FROM python:3.11-slim`")
    if count < _WORDS.get(step.cmd, 0):
        raise UsageError(
            f"{step.cmd} says too little: Docker does not build it",
            path=path,
            line=step.line,
            remedy=f"give {step.cmd} what it wants, or delete the line",
        )


def _require_image(path: Path, base: Base, *, any_name: bool) -> None:
    if not base.image:
        raise UsageError(
            "FROM names no image: its ARG has no default",
            path=path,
            line=base.line,
            remedy=f"give it one, `ARG {base.arg or 'BASE'}=python:3.11-slim`: Hugging Face passes no value",
        )
    # What is left of a `$` or a quote is for the builder, which knows more of them.
    if not any_name and not set("$\\\"'") & set(base.image) and not is_image_name(base.image):
        raise UsageError(
            f"FROM names {shown(base.image)}, which is no name of an image",
            path=path,
            line=base.line,
            remedy="write it in lower case, `name:tag`",
        )


def expand(text: str, values: Mapping[str, str], room: Room | None = None) -> str:
    """Replace `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`; unknown names become empty.

    As the builder does, but that no text grows beyond what a process could be given, nor all that share
    `room` beyond that.
    """
    left = _LONGEST if room is None else min(_LONGEST, room.left)

    def replace(match: re.Match[str]) -> str:
        nonlocal left
        given, default = values.get(match["braced"] or match["plain"], ""), match["default"] or ""
        found = (default if given else "") if match["sign"] == "+" else given or default
        left -= len(found)
        return found if left >= 0 else ""

    expanded = _VARIABLE.sub(replace, text)
    if room is not None:
        room.left -= len(expanded)
    return expanded


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
