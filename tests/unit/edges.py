"""An edge in the process of the test, in front of a Space that is a function."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from spacedock import platform
from spacedock.edge.base import COMES_AS, VISITOR, HostForm, Manner

Answer = Callable[[httpx.Request], httpx.Response]
HOST = "owner-name.hf.space"  # of the Space that tests/unit/spaces.py writes


class FakeEdge:
    """Asks `space` as the edge does, and answers preflights in the observed manner."""

    url = f"https://{HOST}"
    certificate = "a certificate"
    pin = "a pin"

    def __init__(self, space: Answer) -> None:
        self._space = space

    def address(self, manner: Manner, host: HostForm = HostForm.PUBLIC) -> tuple[str, int]:
        return "127.0.0.1", 8441 if manner is Manner.OBSERVED else 8443

    def browser_url(self, manner: Manner) -> str:
        return f"https://localhost:{self.address(manner)[1]}"

    def client(self, manner: Manner, host: HostForm = HostForm.PUBLIC) -> httpx.Client:
        name = HOST if host is HostForm.PUBLIC else platform.INTERNAL_HOST.value

        def answer(request: httpx.Request) -> httpx.Response:
            if manner is Manner.OBSERVED and request.method == "OPTIONS":
                return httpx.Response(200, headers={"access-control-allow-origin": request.headers["origin"]})
            request.headers["host"] = name
            claimed = request.headers.get("x-forwarded-for")
            visitor = request.headers.get(COMES_AS, VISITOR)
            request.headers["x-forwarded-for"] = f"{claimed}, {visitor}" if claimed else visitor
            return self._space(request)

        return httpx.Client(base_url=self.url, transport=httpx.MockTransport(answer))

    def logs(self) -> str:
        return ""

    def close(self) -> None: ...
