"""The container of one instance, from its start to its removal, as the wait for its boot sees it too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from docker.errors import APIError, DockerException
from docker.models.containers import Container
from requests.exceptions import RequestException
from testcontainers.core.container import DockerContainer
from testcontainers.core.exceptions import ContainerStartException

from spacedock import platform, reading
from spacedock.confinement import start
from spacedock.docks import proc
from spacedock.docks.boots import Listener
from spacedock.docks.image.accounting import processor_seconds_in, stats_of
from spacedock.docks.image.at_hand import read_at_hand
from spacedock.docks.image.control_group import read_counted
from spacedock.docks.image.events import ContainerEvents, ContainerNews
from spacedock.docks.image.published import published
from spacedock.docks.instance import Execution
from spacedock.errors import EngineError

if TYPE_CHECKING:
    from spacedock.docks.image.sandboxes import SandboxLease

# What is raised for a container that was never made or is gone, and by an engine that went away.
GONE = (ContainerStartException, DockerException, RequestException)

# What the engine gives as exit code when a command is not there, or may not be executed.
_CANNOT_EXECUTE = frozenset({126, 127})
_NO_COMMAND = 127
# What an engine says of a container that cannot start for what its image is.
_IMAGES_FAULT = re.compile(
    r"(?i)no command specified|unable to find (user|group)|chdir to cwd|argument list too long"
)
_LARGEST_READ = 1 << 20  # bytes of files that are asked for together
_LARGEST_OUTPUT = 4 << 20  # bytes
_READ_SECONDS = 5.0


class SpaceContainer:
    """A container of the Space's image."""

    shares_loopback = False

    def __init__(
        self,
        starter: DockerContainer,
        port: int,
        *,
        events: ContainerEvents,
        read_beside: Callable[[str, tuple[str, ...]], str],
        sandbox: SandboxLease | None,
    ) -> None:
        self._starter = starter
        self._events = events
        self._read_beside = read_beside
        self._sandbox = sandbox
        self._refusal = ""
        self._out_of_memory: bool | None = None  # not asked yet
        self._last_logs: str | None = None
        self.port = port
        self.news = ContainerNews()
        self.address: tuple[str, int] | None = None

    def start(self) -> None:
        """Create and start it. Raises EngineError when the engine refuses to create it."""
        try:
            start(self._starter)
        except APIError as error:
            self._take_refusal(error)
            return
        self.news = self._events.of(self.id)
        if self._sandbox:
            self._events.lean(self.id, self._sandbox.container, "the sandbox of the Space's network")
        self.address = self._sandbox.address if self._sandbox else published(self._starter, self.port)

    @property
    def id(self) -> str:
        """As the engine knows it."""
        return self._starter.get_container_id()

    @property
    def wrapped(self) -> Container:
        """As docker-py knows it. Raises one of `GONE` where it was never made."""
        return self._starter.get_wrapped_container()

    def logs(self) -> str:
        """The end of both streams; the last that was seen where it is removed."""
        if self._last_logs is not None:
            return self._last_logs
        written = ""
        with suppress(*GONE):
            written = reading.log_of(self.wrapped)
        return self._refusal + written

    def follow(self) -> Iterator[str]:
        """Its lines as they are written."""
        yield from reading.lines_of(self.wrapped.logs(stream=True, follow=True))

    def ended(self, within: float) -> bool:
        return self.news.ended(within)

    def exit_code(self) -> int | None:
        return self.news.exit_code

    def out_of_memory(self) -> bool:
        """Whether the main process was killed for the memory of all."""
        if self._out_of_memory is None and self.exit_code() == platform.OOM_EXIT_CODE.value:
            with suppress(*GONE):
                self.wrapped.reload()
                # Engines differ in whether a child counts, so that the exit code must fit too.
                self._out_of_memory = bool(self.wrapped.attrs["State"]["OOMKilled"])
        return bool(self._out_of_memory)

    def listeners(self) -> tuple[Listener, ...]:
        """As its sandbox sees them, where there is one: entering the container takes a process more."""
        tables = self._sandbox.sockets() if self._sandbox else self.read(*proc.SOCKETS)
        return proc.listeners(tables)

    def processor_seconds(self) -> float:
        if counted := proc.processor_seconds(self.counted(*proc.PROCESSOR)):
            return counted
        with suppress(*GONE):  # of an engine that is too old to tell at once too
            if told := processor_seconds_in(stats_of(self.wrapped)):
                return told
        return proc.processor_seconds(self.read(*proc.PROCESSOR)) or 0.0

    def counted(self, *paths: str) -> str:
        """Return what files of its control group hold, where that can be had at once; else nothing."""
        with suppress(*GONE):
            return read_counted(self.id, paths)
        return ""

    def read(self, *paths: str) -> str:
        """Return what files hold as the Space's processes see them; those that do not exist are left out."""
        try:
            if (text := read_at_hand(self.wrapped, paths)) is not None:
                return text
            read = reading.output_of(
                self.wrapped, ["cat", *paths], limit=_LARGEST_READ, seconds=_READ_SECONDS
            )
            if not read.whole or read.code in _CANNOT_EXECUTE:
                return self._read_beside(self.id, paths)
            return read.written.decode(errors="replace")
        except GONE:
            return ""

    def status(self) -> str:
        """Return what the kernel tells of its main process; no program of the image is believed."""
        try:
            text = read_at_hand(self.wrapped, (proc.STATUS,))
            return self._read_beside(self.id, (proc.STATUS,)) if text is None else text
        except GONE:
            return ""

    def execute(self, *command: str) -> Execution:
        """Run a command in it, for as long as that takes; of its output the beginning is kept."""
        ended = reading.output_of(self.wrapped, command, limit=_LARGEST_OUTPUT, seconds=None)
        # No code where the container ended meanwhile.
        return Execution(-1 if ended.code is None else ended.code, ended.written.decode(errors="replace"))

    def signal(self, name: str) -> None:
        """Send a signal to the main process; one that is dead hears none."""
        with suppress(APIError):
            self.wrapped.kill(name)

    def let_go(self) -> None:
        """Need its sandbox and its edge no longer."""
        with suppress(*GONE):
            self._events.let_go(self.id)

    def remove(self) -> None:
        """Remove it, however it stands, and keep what it wrote."""
        self.let_go()
        self._last_logs = self.logs()
        if self.news.over.is_set():
            self.out_of_memory()
        with suppress(*GONE):
            self.wrapped.remove(force=True, v=True)
        self._starter.get_docker_client().client.close()

    def _take_refusal(self, error: APIError) -> None:
        """Take a command that cannot be executed for what it is on the platform: an exit."""
        with suppress(*GONE):
            self.wrapped.reload()
            self.news.exit_code = self.wrapped.attrs["State"]["ExitCode"]
        if _IMAGES_FAULT.search(str(error.explanation)):
            self.news.exit_code = self.news.exit_code or _NO_COMMAND
        elif self.news.exit_code not in _CANNOT_EXECUTE:
            raise EngineError(
                f"the engine does not start the Space's container: {error.explanation}",
                remedy="mend what the engine names; `spacedock clean` removes what earlier runs left",
            ) from error
        self._refusal = f"{error.explanation}\n"
        self.news.over.set()
