"""What an instance's container uses, and its end where that is more disk than its flavour has."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlencode

from docker.errors import DockerException
from requests.exceptions import RequestException
from testcontainers.core.exceptions import ContainerStartException

from spacedock.docks import proc
from spacedock.docks.image.limits import Limits
from spacedock.docks.instance import Process, TooManyToListError, Usage
from spacedock.reading import TooMuchError, answer_of

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

    from spacedock.docks.image.events import ContainerNews

FIRST_LOOK = 1.0  # seconds after the start; each pause is twice the one before
LOOK_EVERY = 5.0  # seconds at most
MEMORY_EVERY = 1.1  # seconds: the engine looks once a second, and keeps who asks sooner waiting
_JOIN = 10.0

_PS = urlencode({"ps_args": "-eo pid,ppid,args"})
_LARGEST_TOP = 8 << 20  # bytes
_TOP_SECONDS = 30.0

_GONE = (ContainerStartException, DockerException, RequestException)


class MeteredContainer(Protocol):
    """A container, as it is looked at."""

    @property
    def wrapped(self) -> Container: ...
    @property
    def news(self) -> ContainerNews: ...
    def counted(self, *paths: str) -> str: ...
    def read(self, *paths: str) -> str: ...


class Meter:
    """Looks at a container from time to time, remembers what it saw, ends it when it is over its disk.

    Memory is what the kernel counts for the container, see `proc.Memory`. Where its files are not on this
    machine, the engine tells it of control groups of version 1. Of version 2 it tells no peak, but what is
    used at each look: what a program of the container itself says of its peak can add to that, up to the
    limit, and never take from it. Written is the size of the container's own layer: what it
    added and changed in its image's files; a VOLUME of the image is not in it.
    """

    def __init__(self, container: MeteredContainer, limits: Limits) -> None:
        self._container = container
        self._limits = limits
        self._lock = Lock()
        self._looked = self._asked = -MEMORY_EVERY
        self._is_ready = False
        self._peak: int | None = None
        self._written: int | None = None
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
        """Look before the container is removed: at its memory only where that is told at once."""
        if not self._read_memory() and time.monotonic() - self._asked >= MEMORY_EVERY:
            self.look_at_memory()
        self.look_at_disk()

    def first_look(self) -> float | None:
        """Look once it is ready, and tell the processor time that its processes have used until then.

        None where the engine does not tell. From now on memory is looked at from time to time.
        """
        with self._lock, suppress(*_GONE):
            self._is_ready = True
            seconds = proc.processor_seconds(self._container.counted(*proc.PROCESSOR))
            return self._first_told() if seconds is None else seconds
        return None

    def look_at_memory(self) -> None:
        """Take what the kernel counted so far; what the engine told a moment ago stands."""
        with self._lock, suppress(*_GONE):
            if self._container.news.over.is_set() or self._read_memory():
                return
            if time.monotonic() - self._looked >= MEMORY_EVERY:
                self._take_told(self._ask())
                self._looked = time.monotonic()

    def _take_told(self, told: dict[str, Any]) -> None:
        self._take(_memory_in(told))
        if not (told.get("memory_stats") or {}).get("max_usage"):
            own = proc.memory(self._container.read(*proc.MEMORY))
            self._take(own if own and own.peak <= self._limits.memory else None)

    def _read_memory(self) -> bool:
        """Whether its memory could be had at once, and was taken."""
        memory = proc.memory(self._container.counted(*proc.MEMORY))
        self._take(memory)
        return memory is not None

    def _first_told(self) -> float | None:
        told = self._ask()
        self._take(_memory_in(told))
        return processor_seconds_in(told)

    def _ask(self) -> dict[str, Any]:
        told = stats_of(self._container.wrapped)
        self._asked = time.monotonic()
        return told

    def _take(self, memory: proc.Memory | None) -> None:
        if memory is not None:
            self._peak = max(self._peak or 0, memory.peak)

    def look_at_disk(self) -> None:
        """Ask the engine for the size of the container's layer, and end what is over its disk."""
        with suppress(*_GONE):
            container = self._container.wrapped
            self._written = max(self._written or 0, _size_of(container))
            if self.evicted and not self._container.news.over.is_set():
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
        elif self._container.news.out_of_memory:
            yield f"{self._limits.memory_text}: the kernel killed a process that the main one had started"
        if self.evicted:
            yield self._limits.disk_text

    def _watch(self) -> None:
        pause = FIRST_LOOK
        while not self._container.news.over.wait(pause):
            if self._is_ready:
                self.look_at_memory()
            self.look_at_disk()
            pause = min(2 * pause, LOOK_EVERY)


def stats_of(container: Container) -> dict[str, Any]:
    """Return what the engine counts of a container at this moment."""
    client = cast("DockerClient", container.client)
    told: dict[str, Any] = client.api.stats(str(container.id), stream=False, one_shot=True)
    return told


def processor_seconds_in(told: dict[str, Any]) -> float | None:
    """Return the processor time that a container has used; None where the engine does not tell."""
    nanoseconds = ((told.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage")
    return nanoseconds / 1e9 if nanoseconds else None


def _memory_in(told: dict[str, Any]) -> proc.Memory | None:
    """Return what the engine tells of a container's memory: its peak, else what it uses now."""
    memory = told.get("memory_stats") or {}
    highest = memory.get("max_usage") or memory.get("usage")
    lines = [f"{name} {number}" for name, number in (memory.get("stats") or {}).items()]
    return proc.memory("\n".join([str(highest), *lines])) if highest else None


def _size_of(container: Container) -> int:
    """Return the bytes in a container's own layer. Raises NotFound when it is gone."""
    client = cast("DockerClient", container.client)
    found = client.api.containers(all=True, size=True, filters={"id": container.id})
    return sum(int(item.get("SizeRw", 0)) for item in found)


def processes_of(container: Container) -> tuple[Process, ...]:
    """Return the processes of a container that runs, as the engine's `ps` tells them.

    Raises TooManyToListError: a command line may have megabytes.
    """
    try:
        told = answer_of(container, f"top?{_PS}", limit=_LARGEST_TOP, seconds=_TOP_SECONDS)
    except TooMuchError as error:
        raise TooManyToListError(f"its processes are too many to list: {error}") from None
    found = told["Processes"] or ()
    return tuple(Process(int(pid), int(parent), command) for pid, parent, command in found)
