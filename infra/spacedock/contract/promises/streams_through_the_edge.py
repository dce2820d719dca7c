"""A Space's stream reaches the client piece by piece, and its WebSocket opens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.evidence.streams import HeardBothWays, Streamed
from spacedock.evidence.websockets import WebSocketOpened
from spacedock.space import Space


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
    evidence: ClassVar = (Streamed, WebSocketOpened)

    def nothing_to_check(self, space: Space) -> str:
        """Which request streams, only the manifest can say."""
        named = space.manifest.stream or space.manifest.websocket
        return "" if named else "the manifest names no [stream] and no [websocket]"

    def wants(self, space: Space) -> tuple[Evidence[Any], ...]:
        """What the manifest names."""
        named = {Streamed(): space.manifest.stream, WebSocketOpened(): space.manifest.websocket}
        return tuple(evidence for evidence, given in named.items() if given)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at what came through the edge; where that says little, at what came directly too."""
        if stream := space.manifest.stream:
            yield from self._stream(f"{stream.method} {stream.path}", seen(Streamed()))
        if websocket := space.manifest.websocket:
            opened = seen(WebSocketOpened())
            if opened.at_the_edge:
                yield self.problem(
                    f"the WebSocket {websocket.path} does not open through the edge: {opened.at_the_edge}; "
                    f"directly {opened.directly or 'it opens'}"
                )

    def _stream(self, asked: str, came: HeardBothWays) -> Iterator[Problem]:
        heard, beside = came.at_the_edge, came.directly
        if heard.status is None:
            yield self.problem(f"{asked} through the edge is not answered: {heard.failure}")
        elif heard.text:
            yield self.problem(
                f"{asked} through the edge answers {heard.status} instead of a stream: {heard.text}",
                remedy="let [stream] in the manifest name a request that any visitor may make",
            )
        elif heard.asked and not heard.streamed:
            yield self.problem(f"the answer to {asked} comes through the edge {heard}")
        # In pieces, but made so quickly that they came together: nobody has waited.
        elif beside and (heard.measured or not beside.streamed):
            yield self.problem(f"the answer to {asked} comes through the edge {heard}; directly {beside}")
