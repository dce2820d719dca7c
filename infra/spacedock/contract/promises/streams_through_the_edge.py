"""A Space's stream reaches the client piece by piece, and its WebSocket opens."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import httpx

from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.dock import OpenDock
from spacedock.services.faults.openai import OpenAIFaults, RequestFault
from spacedock.space import Space
from spacedock.space.manifest import Stream, WebSocket

_ENOUGH = 3  # pieces: what announces an answer, and two of what it announces
_PACE = 0.1  # seconds that the double takes for each word, so that none waits for another on its way
_TIMES = 100
_TIMEOUT_SECONDS = 60.0
_SHOWN = 200  # characters of an answer that is no stream
_ACCEPT_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


@dataclass(frozen=True)
class Heard:
    """How an answer came. Where the service that the Space asks can be watched, only early pieces count."""

    status: int
    pieces: int
    text: str = ""  # of an answer that is an error
    measured: bool = False  # its length was known before it began
    asked: bool = False  # the Space had the service answer, and that was watched

    @property
    def streamed(self) -> bool:
        """Whether the first piece came before the last one was made."""
        return self.pieces >= (_ENOUGH if self.asked else 2) and not self.measured

    def __str__(self) -> str:
        if self.measured:
            return "all at once, its length known before it began"
        if self.asked:
            return f"in {self.pieces} pieces before the model had ended"
        return f"in {self.pieces} piece{'s' if self.pieces != 1 else ''}"


class StreamsThroughTheEdge(Promise):
    """Beside the OpenAI double, pieces count that come while it still answers; else, all that come apart.

    Nothing is timed. The edge holds nothing back, so a stream that is held back is so by the Space itself.
    """

    title = "its stream comes through the edge piece by piece, its WebSocket opens"
    reason = "A compressing middleware, a proxy inside, or a generator that is read to its end hold all back."
    consequence = "The reader looks at an empty page until the answer is complete; long ones end in a 504."
    remedy = (
        "send each piece as it is made: no compression of streams, `proxy_buffering off` and the `Upgrade` "
        "headers in an nginx inside, `X-Accel-Buffering: no`, a generator that yields"
    )
    source = "platform fact EDGE_STREAMS; incidents sse-buffering-or-60s, websocket-scheme-or-upgrade"
    since = "0.2"
    needs = frozenset({Capability.EDGE})

    def nothing_to_check(self, space: Space) -> str:
        """Which request streams, only the manifest can say."""
        named = space.manifest.stream or space.manifest.websocket
        return "" if named else "the manifest names no [stream] and no [websocket]"

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Ask through the edge; where that says little, directly too."""
        instance = instances.ready(AS_DEPLOYED)
        with (
            instance.edge().client(instances.dock.conditions.edge) as edge,
            httpx.Client(base_url=instance.url, timeout=_TIMEOUT_SECONDS, trust_env=False) as direct,
        ):
            if stream := space.manifest.stream:
                yield from self._stream(stream, instances.dock, edge, direct)
            if websocket := space.manifest.websocket:
                yield from self._websocket(websocket, edge, direct)

    def _stream(
        self, stream: Stream, dock: OpenDock, edge: httpx.Client, direct: httpx.Client
    ) -> Iterator[Problem]:
        asked = f"{stream.method} {stream.path}"
        heard = _hear(stream, dock, edge)
        if heard.text:
            yield self.problem(
                f"{asked} through the edge answers {heard.status} instead of a stream: {heard.text}",
                remedy="let [stream] in the manifest name a request that any visitor may make",
            )
        elif heard.asked and not heard.streamed:
            yield self.problem(f"the answer to {asked} comes through the edge {heard}")
        elif not heard.streamed:
            beside = _hear(stream, dock, direct)
            # In pieces, but made so quickly that they came together: nobody has waited.
            if heard.measured or not beside.streamed:
                yield self.problem(f"the answer to {asked} comes through the edge {heard}; directly {beside}")

    def _websocket(self, websocket: WebSocket, edge: httpx.Client, direct: httpx.Client) -> Iterator[Problem]:
        if refusal := _refusal(websocket, edge):
            beside = _refusal(websocket, direct)
            yield self.problem(
                f"the WebSocket {websocket.path} does not open through the edge: {refusal}; "
                f"directly {beside or 'it opens'}"
            )


def _hear(stream: Stream, dock: OpenDock, client: httpx.Client) -> Heard:
    """Ask for the stream, and hang up as soon as it is seen to be one."""
    with _slowed(dock) as service, _asked(stream, client) as answer:
        if not answer.is_success:
            answer.read()
            return Heard(answer.status_code, 0, text=answer.text[:_SHOWN] or "(nothing)")
        measured = "content-length" in answer.headers
        pieces, asked = 0, False
        for _ in answer.iter_bytes():
            busy = service.busy()
            asked = asked or busy is not None
            pieces += busy is not False
            heard = Heard(answer.status_code, pieces, measured=measured, asked=asked)
            if heard.streamed and (asked or pieces >= _ENOUGH):
                return heard
        return Heard(answer.status_code, pieces, measured=measured, asked=asked)


@contextmanager
def _asked(stream: Stream, client: httpx.Client) -> Iterator[httpx.Response]:
    plain = stream.body if isinstance(stream.body, str) else None
    json = None if isinstance(stream.body, str) else stream.body
    request = client.build_request(
        stream.method, stream.path, headers=stream.headers, content=plain, json=json, timeout=_TIMEOUT_SECONDS
    )
    with closing(client.send(request, stream=True)) as answer:
        yield answer


class _Service:
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
def _slowed(dock: OpenDock) -> Iterator[_Service]:
    """Have the double of OpenAI, where it runs, take its time for every word."""
    service = dock.services.get("openai")
    if service is None:
        yield _Service(None)
        return
    model_faults = OpenAIFaults.of(service)
    model_faults.order(RequestFault(times=_TIMES, pace=_PACE))
    try:
        yield _Service(model_faults)
    finally:
        model_faults.take_back()


def _refusal(websocket: WebSocket, client: httpx.Client) -> str:
    """Ask for a WebSocket (RFC 6455, 4.1) and say why none opened; empty when one did."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        **websocket.headers,
    }
    with client.stream("GET", websocket.path, headers=headers) as answer:
        if answer.status_code != httpx.codes.SWITCHING_PROTOCOLS:
            return f"it answers {answer.status_code}"
        digest = hashlib.sha1((key + _ACCEPT_KEY).encode(), usedforsecurity=False).digest()
        accepted = answer.headers.get("sec-websocket-accept") == base64.b64encode(digest).decode()
        return "" if accepted else "it answers 101 with another key than the one that was sent"
