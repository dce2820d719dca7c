"""How much one request may carry, and how many one client may send."""

from __future__ import annotations

import ipaddress
import math
import time
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from limits.aio.strategies import SlidingWindowCounterRateLimiter

MAX_BODY = 64 * 1024  # bytes; the largest question takes about 25 KB in UTF-8


class BodyLimit:
    """Middleware that refuses a body of more than `MAX_BODY` bytes, whether it announces its size or not.

    Starlette's own (`max_body_size`) answers in plain text, where a problem is due.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = _counted(receive)
        await self._app(scope, receive, send)


def _counted(receive: Receive) -> Receive:
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise HTTPException(413, f"The body is larger than {MAX_BODY} bytes.")
        return message

    return receive_counted


def client_of(request: Request) -> str:
    """Return the address of the client, as the platform's proxy saw it.

    The platform's proxy appends the address that it saw to what the client sent (observed on Hugging Face by
    sending one): all but the right-most are the client's own words. Somebody with IPv6 has a whole /64 of
    addresses and counts as one.
    """
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
    peer = request.client.host if request.client else ""
    with suppress(ValueError):
        address = ipaddress.ip_address(forwarded or peer)
        if address.version == 4:
            return str(address)
        # A server that listens on both versions may write an IPv4 client as ::ffff:203.0.113.9.
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return peer


class RateLimit:
    """Counts the requests of each client. A dependency: it raises HTTPException for one too many."""

    def __init__(self, rate: str) -> None:
        self._rate = rate

    async def __call__(self, request: Request) -> None:
        """Count the request."""
        from limits import parse  # noqa: PLC0415  the first answer of the process need not wait for it

        rate, client = parse(self._rate), client_of(request)
        if not await self._limiter.hit(rate, client):
            window = await self._limiter.get_window_stats(rate, client)
            wait = max(1, math.ceil(window.reset_time - time.time()))
            detail = f"More than {self._rate.replace('/', ' requests a ')}; try again in {wait} s."
            raise HTTPException(429, detail, headers={"Retry-After": str(wait)})

    @cached_property
    def _limiter(self) -> SlidingWindowCounterRateLimiter:
        from limits.aio.storage import MemoryStorage  # noqa: PLC0415
        from limits.aio.strategies import SlidingWindowCounterRateLimiter  # noqa: PLC0415

        return SlidingWindowCounterRateLimiter(MemoryStorage())
