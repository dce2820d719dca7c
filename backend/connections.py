"""Connections that do not get on are closed: a client may be slow, and may not be slow for ever."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD = 10.0  # seconds until a request's head is there, from the connection or the request before
BODY = 20.0  # seconds that its body may take
TAKING = 30.0  # seconds in which a client must take something of what is sent
CONNECTIONS = 500  # of more than these, those are closed that have waited the longest for a request

Wait = tuple[float, tuple[object, ...]]  # how many seconds are allowed, and what tells it from another wait


class Watch:
    """Looks at the connections again and again; a wait counts from when it was first seen.

    uvicorn has a deadline for connections between two requests and for no others.
    """

    def __init__(self) -> None:
        self._waits: dict[H11Protocol, tuple[float, Wait]] = {}  # since when each waits, and for what

    def look(self, connections: Collection[Any], now: float) -> None:
        """Close what has waited for too long; `now` is in seconds."""
        waits = {connection: wait for connection in connections if (wait := _wait_of(connection))}
        self._waits = {connection: self._since(connection, wait, now) for connection, wait in waits.items()}
        for connection, (since, (allowed, _)) in self._waits.items():
            if now - since > allowed:
                connection.transport.abort()
        self._make_room(len(connections) - CONNECTIONS)

    def _since(self, connection: H11Protocol, wait: Wait, now: float) -> tuple[float, Wait]:
        before = self._waits.get(connection)
        return before if before is not None and before[1] == wait else (now, wait)

    def _make_room(self, number: int) -> None:
        if number > 0:
            idle = (one for one in self._waits if one.conn.their_state is h11.IDLE)
            for connection in sorted(idle, key=lambda one: self._waits[one][0])[:number]:
                connection.transport.abort()


def _wait_of(connection: H11Protocol) -> Wait | None:
    """What the client lets us wait for; None while it is our turn.

    As long as nothing of it changes, it is the same wait: bytes that drip in are none of a head or a body.
    """
    request, transport = connection.cycle, connection.transport
    if transport.is_closing() or connection.flow.write_paused:
        return TAKING, (request, transport.get_write_buffer_size())
    if connection.conn.their_state is h11.IDLE:
        return HEAD, (request,)
    if connection.conn.their_state is h11.SEND_BODY:
        return BODY, (request,)
    return None
