"""Faults on request: the desk of the OpenAI double, where they are ordered and its requests are looked up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from spacedock.services.faults.control import ask

if TYPE_CHECKING:
    from spacedock.services.base import Service

_PAUSE = 0.01  # seconds between two looks


@dataclass(frozen=True)
class RequestFault:
    """What the next requests to a path meet. One that makes no sense is refused when it is ordered."""

    path: str = "/v1/"  # those whose path starts like this
    times: int = 1
    delay: float = 0.0  # seconds before the answer
    error: (
        Literal["invalid_api_key", "rate_limit_exceeded", "insufficient_quota", "server_error", "overloaded"]
        | None
    ) = None
    retry_after: int | None = None  # seconds, in the header of an error
    garbage: bool = False  # a web page where JSON belongs
    cut_after: int | None = None  # chunks of the answer before the connection breaks
    pace: float = 0.0  # seconds between two chunks of a stream


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as the double got it, and how it ended so far: `cut` by a fault, `hung up` by its client."""

    method: str
    path: str
    authorized: bool
    body: Any
    outcome: Literal["pending", "answered", "cut", "hung up"]


class OpenAIFaults:
    """The desk of a double that runs at `address`, a `host:port`."""

    def __init__(self, address: str) -> None:
        self._address = address

    @classmethod
    def of(cls, service: Service) -> OpenAIFaults:
        """The desk of the service `openai`."""
        return cls(urlsplit(service.local["base_url"]).netloc)

    def order(self, *faults: RequestFault) -> None:
        """Order these in place of those before; each request meets the first that fits its path.

        Raises ValueError in the double's words for what makes no sense.
        """
        ask(self._address, "PUT", "/_double/faults", [asdict(fault) for fault in faults])

    def take_back(self) -> None:
        """Let every request be answered well again."""
        ask(self._address, "DELETE", "/_double/faults")

    def requests(self) -> list[ReceivedRequest]:
        """What arrived, the oldest first."""
        return [ReceivedRequest(**request) for request in ask(self._address, "GET", "/_double/requests")]

    def forget(self) -> None:
        """Begin a new list of requests."""
        ask(self._address, "DELETE", "/_double/requests")

    def wait(
        self, until: Callable[[list[ReceivedRequest]], bool], timeout: float = 10.0
    ) -> list[ReceivedRequest]:
        """Look until it has come to that. Raises TimeoutError with the outcomes after `timeout` seconds.

        `until` is not asked before there is a request.
        """
        patience_ends = time.monotonic() + timeout
        while not ((requests := self.requests()) and until(requests)):
            if time.monotonic() > patience_ends:
                raise TimeoutError(str([(request.path, request.outcome) for request in requests]))
            time.sleep(_PAUSE)
        return requests
