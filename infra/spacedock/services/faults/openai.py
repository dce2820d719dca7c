"""Faults of the OpenAI double: they are ordered of it, and its requests are looked up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from spacedock.errors import UsageError
from spacedock.services.faults.control import Control

if TYPE_CHECKING:
    from spacedock.services.base import Service

_SERVICE = "openai"
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
    """Of the double that `control` is of; of one of its bays, where that has a name."""

    def __init__(self, control: Control, bay: str = "") -> None:
        self._control = control
        self._root = f"/_double/bays/{bay}" if bay else "/_double"

    @classmethod
    def of(cls, service: Service, bay: str = "") -> OpenAIFaults:
        """Of the service `openai`."""
        return cls(Control(urlsplit(service.local["base_url"]).netloc, service.control), bay)

    def order(self, *faults: RequestFault) -> None:
        """Order these in place of those before; each request meets the first that fits its path.

        Raises ValueError in the double's words for what makes no sense.
        """
        self._control.ask("PUT", f"{self._root}/faults", [asdict(fault) for fault in faults])

    def take_back(self) -> None:
        """Let every request be answered well again."""
        self._control.ask("DELETE", f"{self._root}/faults")

    def requests(self) -> list[ReceivedRequest]:
        """What arrived, the oldest first."""
        arrived = self._control.ask("GET", f"{self._root}/requests")
        return [ReceivedRequest(**request) for request in arrived]

    def forget(self) -> None:
        """Begin a new list of requests."""
        self._control.ask("DELETE", f"{self._root}/requests")

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


def model_bay(
    services: Mapping[str, Service], sources: Mapping[str, str], name: str
) -> tuple[OpenAIFaults, tuple[tuple[str, str], ...]]:
    """Open a bay of the double: its faults, and what leads a boot there, for `BootSpec.environment`.

    `sources` are the names of the Space's environment with what they come from, as `openai.base_url`. Raises
    UsageError where no double runs.
    """
    if _SERVICE not in services:
        raise UsageError("no double of OpenAI runs beside the Space", remedy="name `openai` in the manifest")
    service = services[_SERVICE]
    faults = OpenAIFaults.of(service, name)
    faults.take_back()  # the double takes no request for a bay that nobody has asked it about
    at = urlsplit(service.values["base_url"])
    inside = urlunsplit(at._replace(path=f"/bays/{name}{at.path}"))
    names = (variable for variable, source in sources.items() if source == f"{_SERVICE}.base_url")
    return faults, tuple((variable, inside) for variable in names)
