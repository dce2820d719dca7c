"""`.dockerignore`: what the builder is not given, by the rules of moby/patternmatcher.

Those are not the rules of `.gitignore`. A pattern takes no longer than its length times that of a path.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacedock.errors import UsageError
from spacedock.space.files import lines_of, read_text

NAME = ".dockerignore"
BUILDKIT_NAME = "Dockerfile.dockerignore"
_LARGEST = 64 * 1024  # bytes
_MOST = 1000  # patterns
_ANY_FOLDERS = None
_TOKEN = re.compile(
    r"(?P<star>\*+)|(?P<any>\?)|\[(?P<no>\^?)(?P<class>(?:\\.|[^\]\\])+)\]|\\?(?P<plain>.)", re.DOTALL
)
_IN_CLASS = re.compile(r"\\(.)|([^-])", re.DOTALL)


@dataclass(frozen=True)
class IgnorePattern:
    """A line: what each part of a path has to match, None for any number of folders."""

    parts: tuple[re.Pattern[str] | None, ...]
    takes_back: bool  # it began with `!`

    def matches(self, names: Sequence[str]) -> bool:
        """Whether a path, given by its parts, matches, or a folder that it lies in."""
        places = self._reached({0})
        for name in names:
            if len(self.parts) in places:
                break
            places = self._reached(set(self._after(name, places)))
        return len(self.parts) in places

    def _after(self, name: str, places: set[int]) -> Iterator[int]:
        for place in places:
            part = self.parts[place]
            if part is _ANY_FOLDERS:
                yield place
            elif part.fullmatch(name):
                yield place + 1

    def _reached(self, places: set[int]) -> set[int]:
        for place in sorted(places):
            at = place
            while at < len(self.parts) and self.parts[at] is _ANY_FOLDERS:
                at += 1
                places.add(at)
        return places


@dataclass(frozen=True)
class DockerIgnore:
    """The patterns of a `.dockerignore`, in their order: the last one that matches decides."""

    patterns: tuple[IgnorePattern, ...] = ()

    def leaves_out(self, path: str) -> bool:
        """Whether the builder is not given a path, relative to the context and with `/`."""
        names = path.split("/")
        return next((not each.takes_back for each in reversed(self.patterns) if each.matches(names)), False)


def read_dockerignore(folder: Path, *, buildkit: bool = False) -> DockerIgnore:
    """Read the `.dockerignore` of a context; one that is not there leaves nothing out.

    BuildKit takes the one that is named after the Dockerfile, where it is there, in its stead (Docker
    documentation, Build context, Filename and location).

    Raises UsageError, with its line where there is one, for what cannot be read.
    """
    path = folder / NAME
    if buildkit and (folder / BUILDKIT_NAME).is_file():
        path = folder / BUILDKIT_NAME
    if not path.is_file():
        return DockerIgnore()
    found = []
    for number, line in enumerate(lines_of(read_text(path, _LARGEST).removeprefix("\ufeff")), start=1):
        text = "" if line.startswith("#") else line.strip()
        try:
            pattern = _pattern(text)
        except re.error:
            raise UsageError(
                f"`{text}` is no pattern", path=path, line=number, remedy="close its `[`, ranges in order"
            ) from None
        found += [pattern] if pattern else []
    if len(found) > _MOST:
        raise UsageError(
            f"it has {len(found)} patterns; {_MOST} are read", path=path, remedy="name folders, not files"
        )
    return DockerIgnore(tuple(found))


def _pattern(text: str) -> IgnorePattern | None:
    """Return what a line means; None where that is nothing. Raises re.error."""
    cleaned = posixpath.normpath(text.removeprefix("!").strip() or ".").strip("/")
    if cleaned in {"", "."}:  # for historical reasons `.` is ignored (Docker reference)
        return None
    parts = [part for name in cleaned.split("/") for part in _parts(name)]
    if parts[-1] is _ANY_FOLDERS:
        parts[-1] = _part("*")  # and with it all that is below
    return IgnorePattern(tuple(parts), text.startswith("!"))


def _parts(name: str) -> list[re.Pattern[str] | None]:
    if name == "**":
        return [_ANY_FOLDERS]
    return [_ANY_FOLDERS, _part(name)] if name.startswith("**") else [_part(name)]


def _part(name: str) -> re.Pattern[str]:
    """Return a pattern of one name. What stands between two stars is taken where it comes first, for good."""
    first, *others = _between_stars(name)
    if not others:
        return re.compile(first, re.DOTALL)
    *middle, last = others
    taken = "".join(f"(?>.*?{chunk})" for chunk in middle if chunk)
    return re.compile(f"{first}{taken}.*{last}", re.DOTALL)


def _between_stars(name: str) -> list[str]:
    """Return what stands before, between and after the stars, each as a regular expression."""
    chunks = [""]
    for token in _TOKEN.finditer(name):
        if token[0] == "[":
            raise re.error("a class is not closed", name, token.start())
        if token["star"]:
            chunks.append("")
        elif token["class"]:
            chunks[-1] += f"[{token['no']}{_IN_CLASS.sub(_escaped, token['class'])}]"
        else:
            chunks[-1] += "." if token["any"] else re.escape(token["plain"])
    return chunks


def _escaped(character: re.Match[str]) -> str:
    return re.escape(character[1] or character[2])
