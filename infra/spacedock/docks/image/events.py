"""What the engine tells of a run's containers as it happens, so that nobody has to ask it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from docker.errors import DockerException
from requests.exceptions import RequestException

from spacedock.engine import no_answer
from spacedock.errors import EngineError

if TYPE_CHECKING:
    from docker.types.daemon import CancellableStream

    from spacedock.engine import Engine

_ANSWER = 10  # seconds
_JOIN = 10.0
_GONE = (DockerException, RequestException)


@dataclass
class ContainerNews:
    """What was heard of one container so far."""

    over: Event = field(default_factory=Event)  # its main process has ended, or nobody will hear of it
    exit_code: int | None = None
    out_of_memory: bool = False  # the kernel killed a process of it for its memory, not always the main one
    lost: EngineError | None = None  # why nobody will hear of it

    def ended(self, within: float) -> bool:
        """Whether it has ended, which may be waited for. Raises EngineError where nobody will hear of it."""
        over = self.over.wait(within)
        if self.lost:
            raise self.lost
        return over


class ContainerEvents:
    """Listens for a run's containers that end, and for the kernel's kills in them.

    A context manager: entering begins to listen. One stream serves all of them. It ends with the engine's
    connection: whoever waits for what runs then is told so, since nobody would hear of its end.
    """

    def __init__(self, engine: Engine, label: str) -> None:
        self._client = engine.another_client(timeout=_ANSWER)
        self._label = label
        self._news: dict[str, ContainerNews] = {}
        self._leaning: dict[str, tuple[str, str]] = {}  # by what is leant on: who leans, and what it is
        self._deaf = False
        self._lost: EngineError | None = None
        self._address = engine.address
        self._closing = False
        self._lock = Lock()
        self._listener = Thread(target=self._listen, name="engine's events", daemon=True)
        self._stream: CancellableStream[Any] | None = None

    def of(self, container: str) -> ContainerNews:
        """The news of a container, by its id; they change as they come."""
        with self._lock:
            news = self._news.setdefault(container, ContainerNews())
            if self._deaf:
                self._give_up(news)
            return news

    def lean(self, container: str, on: str, what: str) -> None:
        """Have whoever waits for a container told when another one ends, without which it cannot be asked."""
        with self._lock:
            self._leaning[on] = (container, what)
        if self.of(on).over.is_set():
            self._tell_who_leans(on)

    def let_go(self, container: str) -> None:
        """Have it lean on nothing any more: what it leant on may end."""
        with self._lock:
            self._leaning = {on: leans for on, leans in self._leaning.items() if leans[0] != container}

    def _tell_who_leans(self, on: str) -> None:
        with self._lock:
            container, what = self._leaning.pop(on, ("", ""))
        if container and not (news := self.of(container)).over.is_set():
            news.lost = _ended(what, on, self.of(on))
            news.over.set()

    def _listen(self) -> None:
        with suppress(*_GONE, ValueError, OSError):  # what is raised by a stream that is closed meanwhile
            for event in self._stream or ():
                self._hear(event)
        with self._lock:
            self._deaf = True
            self._lost = None if self._closing else no_answer(self._address)
            for news in self._news.values():
                self._give_up(news)

    def _give_up(self, news: ContainerNews) -> None:
        if not news.over.is_set():
            news.lost = self._lost
        news.over.set()

    def _hear(self, event: dict[str, Any]) -> None:
        news = self.of(str(event["id"]))
        if event["status"] == "oom":
            news.out_of_memory = True
        else:
            news.exit_code = int(event["Actor"]["Attributes"]["exitCode"])
            news.over.set()
            self._tell_who_leans(str(event["id"]))

    def __enter__(self) -> Self:
        filters: dict[str, str | list[str] | bool] = {"event": ["oom", "die"], "label": self._label}
        self._stream = self._client.events(filters=filters, decode=True)
        self._listener.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing = True
        if self._stream is not None:
            with suppress(DockerException, OSError):  # an engine over SSH; it ends with the client
                self._stream.close()
        self._client.close()
        self._listener.join(_JOIN)


def _ended(what: str, container: str, news: ContainerNews) -> EngineError:
    return EngineError(
        f"{what} ended in the middle of the run: container {container[:12]}, exit code {news.exit_code}",
        remedy="find out who ended it, or whether the engine's machine is short of memory, and run again",
    )
