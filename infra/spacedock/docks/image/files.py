"""The files of a Space's image as they were built, and what a container changed in them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from posixpath import dirname
from typing import TYPE_CHECKING, Any

from docker.errors import DockerException, NotFound
from requests.exceptions import RequestException

from spacedock import platform
from spacedock.docks.image_facts import Identity

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

_MODIFIED = 0  # the engine's API, container changes
_HEADER = 4096  # bytes of an archive in which the first entry is described, long names included
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


def changes_of(container: Container, *, without: Iterable[str] = ()) -> tuple[FileChange, ...]:
    """Return what a container changed, sorted by path.

    Left out are mounts, the paths `without`, and folders in which only something else changed.
    """
    raw = [(str(item["Path"]), int(item["Kind"])) for item in container.diff() or ()]
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


class Files:
    """The files of an image as it was built, seen through a container of it that never starts."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def entry(self, path: str) -> tarfile.TarInfo | None:
        """Return owner, mode and kind of what is at `path`; None where there is nothing."""
        head = self._head(path)
        return tarfile.open(fileobj=io.BytesIO(head), mode="r:").next() if head else None

    def text(self, path: str) -> str:
        """Return a small file's text; empty where there is none."""
        try:
            chunks, _ = self._container.get_archive(path)
        except NotFound:
            return ""
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks)), mode="r:") as archive:
            member = archive.next()
            content = archive.extractfile(member) if member else None
            return content.read().decode(errors="replace") if content else ""

    def may_write(self, path: str, user: int) -> bool:
        """Whether a user, of the group of the same number, may write a file or make one in a folder."""
        entry = self.entry(path)
        if entry is None:
            return path != "/" and self.may_write(dirname(path), user)
        needed = 0o3 if entry.isdir() else 0o2
        shift = 6 if entry.uid == user else 3 if entry.gid == user else 0
        return entry.issym() or entry.mode >> shift & needed == needed

    def _head(self, path: str) -> bytes:
        try:
            chunks, _ = self._container.get_archive(path, chunk_size=_HEADER)
        except NotFound:
            return b""
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= _HEADER:
                break
        return head


@contextmanager
def files_of(client: DockerClient, image: str, labels: Mapping[str, str]) -> Iterator[Files]:
    """Give the files of an image, with or without a shell in it."""
    container = client.containers.create(
        image, ["-"], labels=dict(labels), platform=platform.ARCHITECTURE.value
    )
    try:
        yield Files(container)
    finally:
        with suppress(*_GONE):
            container.remove(force=True, v=True)


def forbidden(changes: Iterable[FileChange], files: Files, user: int) -> Iterator[str]:
    """Yield the paths that `user` may not write as the image was built; of a new folder only the folder."""
    answers: dict[str, bool] = {}
    inside = ""
    for change in sorted(changes, key=lambda change: change.path.split("/")):
        if inside and change.path.startswith(inside):
            continue
        asked = change.path if change.modified else dirname(change.path)
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
    user = int(wanted) if wanted.isdecimal() else None
    workdir = str(config.get("WorkingDir") or "/")
    return Identity(
        named,
        int(account[2]) if account and account[2].isdecimal() else user,
        environment.get("HOME") or (account[5] if account else "/"),
        in_passwd=any(parts[2] == str(platform.USER_ID.value) for parts in accounts),
        workdir=workdir,
        writes_workdir=files.may_write(workdir, platform.USER_ID.value),
    )


class ImageFiles:
    """What the files of a built image answer, looked up through a container that never starts."""

    def __init__(
        self, client: DockerClient, image: str, config: Mapping[str, Any], labels: Mapping[str, str]
    ) -> None:
        self._client = client
        self._image = image
        self._config = config
        self._labels = labels

    @cached_property
    def identity(self) -> Identity:
        """Whom the image runs as by itself."""
        with files_of(self._client, self._image, self._labels) as files:
            return identity_of(self._config, files)

    def forbidden(self, changes: tuple[FileChange, ...]) -> tuple[str, ...]:
        """Those of the changes that the platform's user may not make."""
        with files_of(self._client, self._image, self._labels) as files:
            return tuple(forbidden(changes, files, platform.USER_ID.value))
