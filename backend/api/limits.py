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

SITES = 8  # times what one client may ask, all of a /48 may
MAX_BODY = 64 * 1024  # bytes; the largest question takes about 25 KB in UTF-8


ANNOUNCED = {b"content-length", b"transfer-encoding"}  # without either a request has no body


class BodyLimit:
    """Middleware that refuses a body of more than `MAX_BODY` bytes, whether it announces its size or not.

    Starlette's own (`max_body_size`) answers in plain text, where a problem is due.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(name in ANNOUNCED for name, _ in scope["headers"]):
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


def clients_of(request: Request) -> tuple[str, ...]:
    """Return as what a request is counted: the client, and with IPv6 the network of its provider's customer.

    The platform's proxy appends the address that it saw to what the client sent (observed on Hugging Face by
    sending one): all but the right-most are the client's own words. Where that is no address, the peer of the
    connection counts, which is the proxy. Somebody with IPv6 has a whole /64 of addresses and counts as one;
    many a customer is given a /48, which are 65,536 of those.
    """
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
    peer = request.client.host if request.client else ""
    for word in (forwarded, peer):
        with suppress(ValueError):
            return _networks(ipaddress.ip_address(word))
    return (peer,)


def _networks(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> tuple[str, ...]:
    # A server that listens on both versions may write an IPv4 client as ::ffff:203.0.113.9.
    if isinstance(address, ipaddress.IPv4Address) or address.ipv4_mapped:
        return (str(getattr(address, "ipv4_mapped", None) or address),)
    return tuple(str(ipaddress.ip_network((int(address), size), strict=False)) for size in (64, 48))


class RateLimit:
    """Counts the requests of each client. A dependency: it raises HTTPException for one too many."""

    def __init__(self, rate: str) -> None:
        self._rate = rate

    async def __call__(self, request: Request) -> None:
        """Count the request."""
        for client, times in zip(clients_of(request), (1, SITES), strict=False):
            amount, _, period = self._rate.partition("/")
            await self._count(client, int(amount) * times, period)

    async def _count(self, client: str, amount: int, period: str) -> None:
        from limits import parse  # noqa: PLC0415  the first answer of the process need not wait for it

        rate = parse(f"{amount}/{period}")
        if not await self._limiter.hit(rate, client):
            window = await self._limiter.get_window_stats(rate, client)
            wait = max(1, math.ceil(window.reset_time - time.time()))
            detail = f"More than {amount} requests a {period}; try again in {wait} s."
            raise HTTPException(429, detail, headers={"Retry-After": str(wait)})

    @cached_property
    def _limiter(self) -> SlidingWindowCounterRateLimiter:
        from limits.aio.storage import MemoryStorage  # noqa: PLC0415
        from limits.aio.strategies import SlidingWindowCounterRateLimiter  # noqa: PLC0415

        return SlidingWindowCounterRateLimiter(MemoryStorage())
