"""A folder of Markdown chapters, as chunks that can be embedded one by one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from backend.book.cutting import parts_of
from backend.book.errors import BookError
from backend.book.markdown import parse

_NUMBER = re.compile(r"\d{1,6}(?=[-_. ])")
_REMEDY = "Name the folder that holds the chapters: python -m backend.ingest PATH."


@dataclass(frozen=True)
class Chunk:
    """A passage of the book and where it stands."""

    chapter: str  # the title
    number: int
    heading: str
    anchor: str
    path: str  # of the file below the folder, without `.md`, as it stands in an address
    part: int  # of a section that is too long for one chunk, from 0
    text: str  # Markdown without HTML

    @property
    def id(self) -> str:
        """The same as long as file, heading and part are; what other sections say does not matter."""
        return str(uuid5(NAMESPACE_URL, f"{self.path}#{self.anchor}#{self.part}"))

    @property
    def embedded(self) -> str:
        """What is embedded: the passage below the names of chapter and section."""
        names = dict.fromkeys((self.chapter, self.heading))
        return f"{' - '.join(names)}\n{self.text}"


def read_book(folder: Path) -> list[Chunk]:
    """Read all chapters below a folder. Raises BookError."""
    files = _chapters_in(folder)
    chunks = [
        chunk
        for position, file in enumerate(files, start=1)
        for chunk in chunks_of(_text(file), file.relative_to(folder), position)
    ]
    if not chunks:
        raise BookError(f"The Markdown files in {folder} hold no text. {_REMEDY}")
    return chunks


def chunks_of(text: str, file: Path, position: int) -> Iterator[Chunk]:
    """Yield the chunks of one chapter; its number is the file name's, else its position."""
    chapter = parse(text)
    title = chapter.title or file.stem
    named = _NUMBER.match(file.name)
    for section in chapter.sections:
        for part, passage in enumerate(parts_of(section.blocks)):
            yield Chunk(
                chapter=title,
                number=int(named[0]) if named else position,
                heading=section.heading or title,
                anchor=section.anchor,
                path=quote(file.with_suffix("").as_posix()),
                part=part,
                text=passage,
            )


def _chapters_in(folder: Path) -> list[Path]:
    if not folder.exists():
        raise BookError(f"{folder} does not exist. {_REMEDY}")
    if not folder.is_dir():
        # The collection mirrors the folder: for one file, all other chapters would be removed.
        raise BookError(f"{folder} is a file. {_REMEDY}")
    found = [
        Path(place, name)
        for place, below, names in os.walk(folder, onerror=_unreadable)
        for name in _visible(below, names)
    ]
    if not found:
        raise BookError(f"{folder} holds no Markdown file (*.md). {_REMEDY}")
    return sorted(found)


def _visible(below: list[str], names: list[str]) -> Iterator[str]:
    """Yield the Markdown files, and keep the walk out of hidden folders."""
    below[:] = [name for name in below if not name.startswith(".")]
    yield from (name for name in names if name.endswith(".md") and not name.startswith("."))


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BookError(f"{file} is not UTF-8 (line {line}). Save it as UTF-8.") from None
    except OSError as error:
        _unreadable(error)


def _unreadable(error: OSError) -> NoReturn:
    """Refuse to go on: a chapter that cannot be read would count as removed."""
    raise BookError(
        f"{error.filename} cannot be read: {error.strerror}. Mend that and run it again."
    ) from None
