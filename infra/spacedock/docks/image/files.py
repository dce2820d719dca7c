"""The files of a Space's image as they were built, and what a container changed in them."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from posixpath import dirname
from typing import IO, TYPE_CHECKING, Any, cast

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from spacedock import platform
from spacedock.confinement import confined
from spacedock.docks.image_facts import Identity
from spacedock.docks.instance import TooManyToListError
from spacedock.reading import Joined, TooMuchError, answer_of

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

    from spacedock.runs import OpenRun

_MODIFIED, _ADDED = 0, 1  # the engine's API, container changes
_MOST_CHANGES = 100_000
_LARGEST_DIFF = 16 << 20  # bytes
_DIFF_SECONDS = 60.0
_HEADER = (
    256 << 10
)  # bytes of an archive in which the first entry is described, long names and attributes too
_LARGEST_TEXT = 1 << 20  # bytes of a file that is read
_CHUNK = 8 << 10
_USER_DIGITS = 10  # of the largest number of a user
_GONE = (DockerException, RequestException)


@dataclass(frozen=True)
class FileChange:
    """A path that a container changed in the files of its image."""

    path: str
    kind: int

    @property
    def modified(self) -> bool:
        """Whether the image had it and the container still has."""
        return self.kind == _MODIFIED

    @property
    def added(self) -> bool:
        """Whether only the container has it."""
        return self.kind == _ADDED


def changes_of(container: Container, *, without: Iterable[str] = ()) -> tuple[FileChange, ...]:
    """Return what a container changed, sorted by path.

    Left out are mounts, the paths `without`, and folders in which only something else changed. Raises
    TooManyToListError.
    """
    try:
        told = answer_of(container, "changes", limit=_LARGEST_DIFF, seconds=_DIFF_SECONDS) or ()
    except TooMuchError as error:
        raise TooManyToListError(f"it changed too many files to list: {error}") from None
    if len(told) > _MOST_CHANGES:
        raise TooManyToListError(f"it changed too many files to list: {len(told)} paths")
    raw = [(str(item["Path"]), int(item["Kind"])) for item in told]
    mounts = [mount["Destination"] for mount in container.attrs.get("Mounts") or ()]
    hidden = {*mounts, *without}
    parents = {dirname(path) for path, _ in raw} | {dirname(path) for path in hidden}
    return tuple(
        FileChange(path, kind)
        for path, kind in sorted(raw)
        if path not in hidden
        and not (kind == _MODIFIED and path in parents)
        and not any(path.startswith(f"{mount}/") for mount in mounts)
    )


@dataclass(frozen=True)
class _Found:
    """What an engine has at a path; nothing where there is nothing, or nothing that can be read."""

    entry: tarfile.TarInfo | None = None
    content: bytes = b""
    link: str = ""  # where it leads in the end, of a link


class Files:
    """The files of an image as it was built, seen through a container of it that never starts."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._entries: dict[str, tarfile.TarInfo | None] = {}

    def entry(self, path: str) -> tarfile.TarInfo | None:
        """Return owner, mode and kind of what is at `path`; None where there is nothing."""
        if path not in self._entries:
            self._entries[path] = self._first(path, 0).entry
        return self._entries[path]

    def text(self, path: str) -> str:
        """Return a file's text, or its beginning; empty where there is none, or what is there is no file."""
        found = self._first(path, _LARGEST_TEXT)
        if found.link:
            found = self._first(found.link, _LARGEST_TEXT)
        return found.content.decode(errors="replace")

    def may_write(self, path: str, user: int) -> bool:
        """Whether a user, of the group of the same number, may write a file or make one in a folder."""
        while (entry := self.entry(path)) is None:
            if path in {"/", ""}:
                return False
            path = dirname(path)
        needed = 0o3 if entry.isdir() else 0o2
        shift = 6 if entry.uid == user else 3 if entry.gid == user else 0
        return entry.issym() or entry.mode >> shift & needed == needed

    def _first(self, path: str, largest: int) -> _Found:
        """Return what is at `path`; what a file holds, up to so many bytes."""
        try:
            chunks, about = self._container.get_archive(path, chunk_size=_CHUNK)
        except APIError:  # there is nothing, or a link that leads nowhere
            return _Found()
        link = str((about or {}).get("linkTarget") or "")
        bounded = cast("IO[bytes]", Joined(chunks, _HEADER + largest))
        with suppress(tarfile.TarError, ValueError), tarfile.open(fileobj=bounded, mode="r|") as archive:
            entry = archive.next()
            content = archive.extractfile(entry) if entry and entry.isreg() and largest else None
            return _Found(entry, content.read(largest) if content else b"", link)
        return _Found()


@contextmanager
def files_of(client: DockerClient, image: str, run: OpenRun) -> Iterator[Files]:
    """Give the files of an image, with or without a shell in it."""
    container = client.containers.create(
        image, ["-"], name=run.name("files"), platform=platform.ARCHITECTURE.value, **confined(run)
    )
    try:
        yield Files(container)
    finally:
        with suppress(*_GONE):
            container.remove(force=True, v=True)


def forbidden(changes: Iterable[FileChange], files: Files, user: int) -> Iterator[str]:
    """Yield the paths that `user` may not write as the image was built; of a new folder only the folder."""
    answers: dict[str, bool] = {}
    new: set[str] = set()
    inside = ""
    for change in sorted(changes, key=lambda change: change.path.split("/")):
        if inside and change.path.startswith(inside):
            continue
        asked = change.path if change.modified else dirname(change.path)
        if change.added:
            new.add(change.path)
        while asked in new:  # of which the image knows nothing: it is asked for none of them
            asked = dirname(asked)
        if asked not in answers:
            answers[asked] = files.may_write(asked, user)
        if not answers[asked]:
            inside = f"{change.path}/"
            yield change.path


def identity_of(config: Mapping[str, Any], files: Files) -> Identity:
    """Return whom an image runs as by its settings, and what the platform's user finds in it."""
    named = str(config.get("User") or "")
    accounts = [line.split(":") for line in files.text("/etc/passwd").splitlines() if line.count(":") >= 6]
    wanted = named.partition(":")[0] or "0"
    account = next((parts for parts in accounts if wanted in {parts[0], parts[2]}), None)
    environment = dict(pair.partition("=")[::2] for pair in config.get("Env") or ())
    user = _number(wanted)
    workdir = str(config.get("WorkingDir") or "/")
    return Identity(
        named,
        user if account is None or _number(account[2]) is None else _number(account[2]),
        environment.get("HOME") or (account[5] if account else "/"),
        in_passwd=any(parts[2] == str(platform.USER_ID.value) for parts in accounts),
        workdir=workdir,
        writes_workdir=files.may_write(workdir, platform.USER_ID.value),
    )


def _number(text: str) -> int | None:
    """Return the number of a user; None for what is none, however many digits it has."""
    return int(text) if text.isdecimal() and len(text) <= _USER_DIGITS else None


class ImageFiles:
    """What the files of a built image answer, looked up through a container that never starts."""

    def __init__(self, client: DockerClient, image: str, config: Mapping[str, Any], run: OpenRun) -> None:
        self._client = client
        self._image = image
        self._config = config
        self._run = run

    @cached_property
    def identity(self) -> Identity:
        """Whom the image runs as by itself."""
        with files_of(self._client, self._image, self._run) as files:
            return identity_of(self._config, files)

    def forbidden(self, changes: tuple[FileChange, ...]) -> tuple[str, ...]:
        """Those of the changes that the platform's user may not make."""
        with files_of(self._client, self._image, self._run) as files:
            return tuple(forbidden(changes, files, platform.USER_ID.value))
