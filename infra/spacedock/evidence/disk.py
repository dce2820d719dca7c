"""What a Space writes to its own disk, and what it cannot write there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from posixpath import basename, dirname
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance, TooManyToListError
from spacedock.evidence.base import CannotShow, Evidence, NotReady, Surroundings
from spacedock.evidence.boots import AS_IMAGE_USER, Booted, BootedAsImageUser, BootFacts, asking, facts_of
from spacedock.evidence.image import ImageDatabases
from spacedock.evidence.quiet import quiet
from spacedock.evidence.requests import sent
from spacedock.evidence.visited import Visited
from spacedock.space import Space

_DENIED = 1  # how `test` ends where it is not so; anything else says nothing
_SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".php", ".go", ".sh")
_LARGEST = 2**20  # bytes of a source that is read
# What writes to a database, and what opens it to be read only, in SQL and in its usual clients.
_WRITES = re.compile(
    r"\b(?:insert\s+(?:or\s+\w+\s+)?into|replace\s+into|update\s+\w+\s+set|delete\s+from)\b|\.commit\(\)",
    re.IGNORECASE,
)
_READS_ONLY = re.compile(r"mode=ro\b|immutable=1|query_only|readonly\s*[:=]\s*true", re.IGNORECASE)
_COPIES = re.compile(r"\b(?:copy\w*|cp|move|mv|backup)\b", re.IGNORECASE)
# What says that something could not be written, without the words that every denial has.
_LOST = re.compile(
    r"^.*(?:attempt to write a readonly database|unable to open database file|Read-only file system"
    r"|SQLITE_READONLY|SQLITE_CANTOPEN|MISCONF Redis is configured to save|Background saving error).*$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class ForbiddenWrites:
    """What the image's own user wrote and the platform's may not, with what the latter said by then."""

    facts: BootFacts  # of the boot as the image's own user
    paths: tuple[str, ...]
    deployed_log: str


@dataclass(frozen=True)
class WrittenAsImageUser(Evidence[ForbiddenWrites]):
    """A boot as the image's own user, beside the one as deployed."""

    needs: ClassVar = BootedAsImageUser.needs | {Capability.DISK}

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """Both."""
        return (AS_DEPLOYED, AS_IMAGE_USER)

    def gather(self, around: Surroundings) -> ForbiddenWrites:
        """Look what was written, then what the other one complains of, which tries the same.

        Raises CannotShow where it wrote more than is listed.
        """
        deployed = around.look(Booted())
        if not deployed.ready:
            raise NotReady(deployed)
        instance = around.instance(AS_IMAGE_USER)
        if instance.boot.ready:  # what is written when it is asked is missed no less
            with suppress(NotReady), asking(instance) as asker:
                tuple(sent(asker, around.space.manifest.requests, instance.environment))
        try:
            paths = quiet(instance).forbidden()
        except TooManyToListError as error:
            raise CannotShow(frozenset(), str(error)) from error
        facts = facts_of(instance)
        return ForbiddenWrites(facts, paths, quiet(around.ready(AS_DEPLOYED)).logs())


@dataclass(frozen=True)
class LostWrites(Evidence[tuple[str, ...]]):
    """What the Space as deployed means to write and may not, in words, without a boot for it."""

    needs: ClassVar = frozenset({Capability.BOOT, Capability.IMAGE, Capability.IDENTITY, Capability.DISK})

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> tuple[str, ...]:
        """Look at databases of the image, at a Redis that runs in it, and at what its log says."""
        instance = around.ready(AS_DEPLOYED)
        databases = _read_only(instance, around.space, around.look(ImageDatabases()))
        said = _LOST.search(around.look(Visited()).facts.log)
        return (*databases, *_unsaved(instance), *([f"its log says: {said[0].strip()}"] if said else []))


def _read_only(instance: FullInstance, space: Space, databases: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with each database that the Space's code writes to and its user may not."""
    for path in databases:
        if writer := _writer(space, basename(path)):
            denied = [each for each in (path, dirname(path)) if _is_denied(instance, each)]
            if denied:
                beside = "" if path in denied else f" (nor make files beside it, in {dirname(path)})"
                came = f"{path}, which came with the image and uid 1000 may not write"
                yield f"{writer} writes to {came}{beside}"


def _writer(space: Space, name: str) -> str:
    """Return the source that names a database and writes to one; empty where none does, or reads only."""
    for path in space.files():
        text = _source(space, path)
        named = [line for line in text.splitlines() if name in line]
        if named and _WRITES.search(text) and not _READS_ONLY.search(text):
            return "" if any(_COPIES.search(line) for line in named) else path
    return ""


def _source(space: Space, path: str) -> str:
    file = space.root / path
    with suppress(OSError):
        if path.endswith(_SOURCES) and not file.is_symlink() and file.stat().st_size <= _LARGEST:
            return file.read_text(encoding="utf-8", errors="replace")
    return ""


def _is_denied(instance: FullInstance, path: str) -> bool:
    """Whether the Space's user may not write there, as far as its image has what tells it."""
    return instance.execute("test", "-w", path).exit_code == _DENIED


def _unsaved(instance: FullInstance) -> Iterator[str]:
    """Yield where a Redis beside the server would save to and may not: it refuses all writes from then on."""
    if not any("redis-server" in process.command for process in instance.processes()):
        return
    told = instance.execute("redis-cli", "config", "get", "*")
    settings = told.output.splitlines() if told.exit_code == 0 else []
    given = dict(zip(settings[::2], settings[1::2], strict=False))
    folder = given.get("dir", "")
    if given.get("save") and folder and _is_denied(instance, folder):
        yield f"the Redis in it saves to {folder}, where uid 1000 may not write; then it refuses every write"
