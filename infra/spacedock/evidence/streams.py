"""How a stream of a Space arrives: through the edge, and directly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.evidence.asking import Asker, AskLimits, Pieces
from spacedock.evidence.base import Evidence, Surroundings, Unavailable
from spacedock.evidence.boots import asking
from spacedock.evidence.requests import Answered
from spacedock.evidence.visits import Followed
from spacedock.services.base import Service
from spacedock.services.faults.openai import OpenAIFaults, RequestFault
from spacedock.space import Space
from spacedock.space.manifest import Stream

_ENOUGH = 3  # pieces: what announces an answer, and two of what it announces
_PACE = 0.1  # seconds that the double takes for each word, so that none waits for another on its way
_TIMES = 100
_LIMITS = AskLimits(seconds=60.0)
_SHOWN = 200  # characters of an answer that is no stream


@dataclass(frozen=True)
class Heard:
    """How an answer came. Where the service that the Space asks can be watched, only early pieces count."""

    status: int | None
    pieces: int
    text: str = ""  # of an answer that is an error
    measured: bool = False  # its length was known before it began
    asked: bool = False  # the Space had the service answer, and that was watched
    failure: str = ""  # why there is no answer, or where it broke off

    @property
    def streamed(self) -> bool:
        """Whether the first piece came before the last one was made."""
        return self.pieces >= (_ENOUGH if self.asked else 2) and not self.measured

    def __str__(self) -> str:
        if self.status is None:
            return f"not at all ({self.failure})"
        if self.text:
            return f"as {self.status}"
        return f"{self._how} and breaks off ({self.failure})" if self.failure else self._how

    @property
    def _how(self) -> str:
        if self.measured:
            return "all at once, its length known before it began"
        if self.asked:
            return f"in {self.pieces} pieces before the model had ended"
        return f"in {self.pieces} piece{'s' if self.pieces != 1 else ''}"


@dataclass(frozen=True)
class HeardBothWays:
    """How the stream came; directly it is asked for only where the edge's says too little."""

    at_the_edge: Heard
    directly: Heard | None = None


@dataclass(frozen=True)
class Streamed(Evidence[HeardBothWays]):
    """The manifest's stream, asked for through the edge. Beside the OpenAI double that one is made slow."""

    needs: ClassVar = Followed.needs
    seconds: ClassVar = 2 * _LIMITS.seconds + 120.0

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> HeardBothWays:
        """Ask, and where what came through the edge did not show a stream, ask directly too."""
        stream, instance = around.space.manifest.stream, around.ready(AS_DEPLOYED)
        if stream is None:
            raise ValueError("the manifest names no [stream]")
        _wait_for_requests(around)
        double = around.dock.services.get("openai")
        with asking(instance, around.conditions.edge) as edge:
            heard = _hear(stream, double, edge)
        if heard.text or heard.status is None or heard.asked or heard.streamed:
            return HeardBothWays(heard)
        with asking(instance) as direct:
            return HeardBothWays(heard, _hear(stream, double, direct))


def _wait_for_requests(around: Surroundings) -> None:
    """Let the manifest's requests be answered first, so that nobody else asks the double meanwhile."""
    if around.space.manifest.requests:
        with suppress(Unavailable):
            around.look(Answered())


def _hear(stream: Stream, double: Service | None, asker: Asker) -> Heard:
    """Ask for the stream, and hang up as soon as it is seen to be one."""
    plain = stream.body if isinstance(stream.body, str) else None
    json = None if isinstance(stream.body, str) else stream.body
    with (
        _slowed(double) as service,
        asker.pieces(
            stream.method, stream.path, headers=stream.headers, content=plain, json=json, limits=_LIMITS
        ) as answer,
    ):
        return _heard(answer, service) if answer.reply.ok else _refused(answer)


def _heard(answer: Pieces, service: _Watched) -> Heard:
    measured = "content-length" in answer.reply.headers
    pieces, asked = 0, False
    for _ in answer:
        busy = service.busy()
        asked = asked or busy is not None
        pieces += busy is not False
        heard = Heard(answer.reply.status, pieces, measured=measured, asked=asked)
        if heard.streamed and (asked or pieces >= _ENOUGH):
            return heard
    reply = answer.reply
    return Heard(reply.status, pieces, measured=measured, asked=asked, failure=reply.failure)


def _refused(answer: Pieces) -> Heard:
    body = b"".join(answer)
    reply = replace(answer.reply, body=body)
    if reply.status is None:
        return Heard(None, 0, failure=reply.failure)
    return Heard(reply.status, 0, text=reply.text[:_SHOWN] or "(nothing)")


class _Watched:
    """What the Space has its answer from, where it can be watched."""

    def __init__(self, model_faults: OpenAIFaults | None) -> None:
        self._model_faults = model_faults
        self._before = len(model_faults.requests()) if model_faults else 0

    def busy(self) -> bool | None:
        """Whether it still answers; None where nobody knows, or nothing was asked of it as a stream."""
        if self._model_faults is None:
            return None
        requests = self._model_faults.requests()[self._before :]
        streams = [
            request for request in requests if isinstance(request.body, dict) and request.body.get("stream")
        ]
        return any(request.outcome == "pending" for request in streams) if streams else None


@contextmanager
def _slowed(double: Service | None) -> Iterator[_Watched]:
    """Have the double of OpenAI, where it runs, take its time for every word."""
    if double is None:
        yield _Watched(None)
        return
    model_faults = OpenAIFaults.of(double)
    model_faults.order(RequestFault(times=_TIMES, pace=_PACE))
    try:
        yield _Watched(model_faults)
    finally:
        model_faults.take_back()
