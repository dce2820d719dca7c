"""Whether a WebSocket of a Space opens: through the edge, and directly."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.evidence.asking import Asker
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.evidence.visits import Followed
from spacedock.space import Space
from spacedock.space.manifest import WebSocket

_SWITCHING_PROTOCOLS = 101
_ACCEPT_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


@dataclass(frozen=True)
class Handshakes:
    """Why no WebSocket opened; empty where one did."""

    at_the_edge: str
    directly: str  # looked at only where the edge's did not open


@dataclass(frozen=True)
class WebSocketOpened(Evidence[Handshakes]):
    """The manifest's WebSocket, asked for through the edge."""

    needs: ClassVar = Followed.needs

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> Handshakes:
        """Ask, and where it does not open, directly too."""
        websocket, instance = around.space.manifest.websocket, around.ready(AS_DEPLOYED)
        if websocket is None:
            raise ValueError("the manifest names no [websocket]")
        with asking(instance, around.conditions.edge) as edge:
            refusal = _refusal(websocket, edge)
        if not refusal:
            return Handshakes("", "")
        with asking(instance) as direct:
            return Handshakes(refusal, _refusal(websocket, direct))


def _refusal(websocket: WebSocket, asker: Asker) -> str:
    """Ask for a WebSocket (RFC 6455, 4.1) and say why none opened; empty when one did."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        **websocket.headers,
    }
    reply = asker.head_only("GET", websocket.path, headers=headers)
    if reply.status is None:
        return f"it is not answered ({reply.failure})"
    if reply.status != _SWITCHING_PROTOCOLS:
        return f"it answers {reply.status}"
    digest = hashlib.sha1((key + _ACCEPT_KEY).encode(), usedforsecurity=False).digest()
    accepted = reply.headers.get("sec-websocket-accept") == base64.b64encode(digest).decode()
    return "" if accepted else "it answers 101 with another key than the one that was sent"
