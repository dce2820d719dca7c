"""What an instance's container uses and changes, and its end where that is more disk than its flavour has."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from posixpath import dirname
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Self, cast

from docker.errors import DockerException, NotFound
from requests.exceptions import RequestException

from spacedock import platform
from spacedock.docks import proc
from spacedock.docks.image.limits import Limits
from spacedock.docks.image_facts import Identity
from spacedock.docks.instance import Process, Usage

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container
    from docker.types.daemon import CancellableStream

    from spacedock.engine import Engine

FIRST_LOOK = 1.0  # seconds after the start; each pause is twice the one before
LOOK_EVERY = 5.0  # seconds at most
MEMORY_EVERY = 1.1  # seconds: the engine looks once a second, and keeps who asks sooner waiting
_ANSWER = 10  # seconds
_JOIN = 10.0

_MODIFIED = 0  # the engine's API, container changes
_HEADER = 4096  # bytes of an archive in which the first entry is described, long names included
_GONE = (DockerException, RequestException)


class Meter:
    """Looks at a container from time to time, remembers what it saw, ends it when it is over its disk.

    Memory is what the kernel counts for the container, see `proc.Memory`. The engine tells it where control
    groups are of version 1; of version 2 it tells no peak, which is read as the container's own processes
    would read it. Written is the size of the container's own layer: what it added and changed in its image's
    files; a VOLUME of the image is not in it.
    """

    def __init__(
        self,
        container: Callable[[], Container],
        *,
        read: Callable[..., str],
        oom_kills: OomKills,
        limits: Limits,
        over: Event,
    ) -> None:
        self._container = container
        self._read = read
        self._oom_kills = oom_kills
        self._limits = limits
        self._over = over
        self._lock = Lock()
        self._looked = -MEMORY_EVERY
        self._peak: int | None = None
        self._written: int | None = None
        self._killed = False
        self._watcher = Thread(target=self._watch, name="meter", daemon=True)

    def start(self) -> None:
        """Begin to look, until the container has ended."""
        self._watcher.start()

    def join(self) -> None:
        """Wait for the watcher, which ends with the container."""
        if self._watcher.ident:
            self._watcher.join(_JOIN)

    def look(self) -> None:
        """Look at this moment; what cannot be seen any more stays as it was seen last."""
        self.look_at_memory()
        self.look_at_disk()

    def last_look(self) -> None:
        """Look before the container is removed: at its memory only where nobody did before."""
        if self._peak is None:
            self.look_at_memory()
        self.look_at_disk()

    def look_at_memory(self) -> None:
        """Take what the kernel counted so far; what was taken a moment ago stands."""
        with self._lock, suppress(*_GONE):
            container = self._container()
            self._killed = self._killed or self._oom_kills.of(str(container.id))
            if self._over.is_set() or time.monotonic() - self._looked < MEMORY_EVERY:
                return
            memory = _memory_of(container) or proc.memory(self._read(*proc.MEMORY))
            self._looked = time.monotonic()
            if memory is not None:
                self._peak = max(self._peak or 0, memory.peak)

    def look_at_disk(self) -> None:
        """Ask the engine for the size of the container's layer, and end what is over its disk."""
        with suppress(*_GONE):
            container = self._container()
            self._written = max(self._written or 0, _size_of(container))
            if self.evicted and not self._over.is_set():
                container.kill()

    @property
    def evicted(self) -> bool:
        """Whether it wrote more than its flavour has."""
        return (self._written or 0) > self._limits.disk

    def usage(self, *, out_of_memory: bool) -> Usage:
        """Return what was seen; `out_of_memory` says that the main process was killed for its memory."""
        limits = self._limits
        return Usage(
            limits.memory if out_of_memory else self._peak,
            self._written,
            limits.memory,
            limits.disk,
            tuple(self._exceeded(out_of_memory=out_of_memory)),
        )

    def _exceeded(self, *, out_of_memory: bool) -> Iterator[str]:
        if out_of_memory:
            yield self._limits.memory_text
        elif self._killed:
            yield f"{self._limits.memory_text}: the kernel killed a process that the main one had started"
        if self.evicted:
            yield self._limits.disk_text

    def _watch(self) -> None:
        pause = FIRST_LOOK
        while not self._over.wait(pause):
            self.look()
            pause = min(2 * pause, LOOK_EVERY)


class OomKills:
    """The containers of a run in which the kernel killed a process for its memory, as the engine tells it.

    A context manager: entering begins to listen. State.OOMKilled would be known only at a container's end.
    """

    def __init__(self, engine: Engine, label: str) -> None:
        self._client = engine.another_client(timeout=_ANSWER)
        self._label = label
        self._seen: set[str] = set()
        self._events: CancellableStream[Any]
        self._listener = Thread(target=self._listen, name="out of memory", daemon=True)

    def of(self, container: str) -> bool:
        """Whether a process of the container was killed so far."""
        return container in self._seen

    def _listen(self) -> None:
        with suppress(*_GONE, ValueError, OSError):  # what is raised by a stream that is closed meanwhile
            for event in self._events:
                self._seen.add(str(event["id"]))

    def __enter__(self) -> Self:
        filters: dict[str, str | list[str] | bool] = {"event": "oom", "label": self._label}
        self._events = self._client.events(filters=filters, decode=True)
        self._listener.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(DockerException, OSError):  # an engine over SSH; its connection ends with the client
            self._events.close()
        self._client.close()
        self._listener.join(_JOIN)


def _memory_of(container: Container) -> proc.Memory | None:
    """Return what the engine tells of a container's memory; None where that is no peak."""
    client = cast("DockerClient", container.client)
    told: dict[str, Any] = client.api.stats(str(container.id), stream=False, one_shot=True)
    memory = told.get("memory_stats") or {}
    lines = [f"{name} {number}" for name, number in (memory.get("stats") or {}).items()]
    return proc.memory("\n".join([str(memory["max_usage"]), *lines])) if memory.get("max_usage") else None


def _size_of(container: Container) -> int:
    """Return the bytes in a container's own layer. Raises NotFound when it is gone."""
    client = cast("DockerClient", container.client)
    found = client.api.containers(all=True, size=True, filters={"id": container.id})
    return sum(int(item.get("SizeRw", 0)) for item in found)


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


def processes_of(container: Container) -> tuple[Process, ...]:
    """Return the processes of a container that runs, as the engine's `ps` tells them."""
    found = container.top(ps_args="-eo pid,ppid,args")["Processes"] or ()
    return tuple(Process(int(pid), int(parent), command) for pid, parent, command in found)
