"""The requests that a manifest names, and how they are answered."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from string import Template

import httpx

from spacedock.docks.instance import FullInstance
from spacedock.space.manifest import Request

PATIENCE = 30.0  # seconds that an answer may take to begin
_BODY = 300  # characters that are kept of an answer


@dataclass(frozen=True)
class Answer:
    """What came back; `status` is None where nothing did."""

    request: Request
    status: int | None
    text: str
    headers: httpx.Headers

    @property
    def failed(self) -> bool:
        """Whether it is the Space that failed, and not who asked."""
        return self.status is None or self.status >= 500

    def __str__(self) -> str:
        said = f": {self.text}" if self.text else ""
        if self.status is None:
            return f"{self.request.method} {self.request.path} is not answered{said}"
        return f"{self.request.method} {self.request.path} answers {self.status}{said}"


def send(instance: FullInstance, request: Request, headers: dict[str, str] | None = None) -> Answer:
    """Send one request, with `headers` beside its own, and read the answer. Never raises for want of one."""
    with httpx.Client(base_url=instance.url, trust_env=False) as client:
        return send_through(client, request, {**headers_of(request, instance), **(headers or {})})


def headers_of(request: Request, instance: FullInstance) -> dict[str, str]:
    """Return the headers of a request; in them `$NAME` stands for a secret or variable of the instance."""
    values = instance.environment
    return {name: Template(value).safe_substitute(values) for name, value in request.headers.items()}


def send_through(client: httpx.Client, request: Request, headers: dict[str, str]) -> Answer:
    """Send one request with exactly these headers, and read the answer. Never raises for want of one."""
    body = {"json": request.body} if isinstance(request.body, (dict, list)) else {"content": request.body}
    try:
        answer = client.request(request.method, request.path, headers=headers, timeout=PATIENCE, **body)
    except httpx.HTTPError as error:
        return Answer(request, None, f"{type(error).__name__} {error}".strip(), httpx.Headers())
    return Answer(request, answer.status_code, " ".join(answer.text.split())[:_BODY], answer.headers)


def send_at_once(instance: FullInstance, requests: Iterable[Request], times: int) -> tuple[Answer, ...]:
    """Send each request `times` times, all of them side by side."""
    every = [request for request in requests for _ in range(times)]
    with ThreadPoolExecutor(len(every), "ask") as pool:
        return tuple(pool.map(lambda request: send(instance, request), every))
