"""Somebody who asks the Space, over HTTP as a browser would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx

from spacedock.docks.instance import FullInstance

EVENTS = {"Accept": "text/event-stream"}


@dataclass(frozen=True)
class Event:
    """A server-sent event."""

    name: str
    data: Any


class Reader:
    """Asks an instance, and waits `patience` seconds for it. Leaving closes the connections."""

    def __init__(self, instance: FullInstance, *, patience: float = 30.0) -> None:
        self.seen: list[str] = []  # everything that was answered
        self.http = httpx.Client(
            base_url=instance.url, timeout=patience, trust_env=False, event_hooks={"response": [self._note]}
        )

    def introduce(self) -> None:
        """Get a token and show it from now on."""
        token = self.http.post("/api/sessions").raise_for_status().json()["token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def ask(self, question: str, **more: object) -> httpx.Response:
        """Ask for a whole answer."""
        return self.http.post("/api/chat", json={"question": question, **more})

    @contextmanager
    def stream(self, question: str, **more: object) -> Iterator[httpx.Response]:
        """Ask for an answer as it is written."""
        asked = {"question": question, **more}
        with self.http.stream("POST", "/api/chat", json=asked, headers=EVENTS) as response:
            yield response

    def events(self, response: httpx.Response) -> Iterator[Event]:
        """Yield the events of a stream as they come; comments are passed over."""
        name, data = "", ""
        for line in response.iter_lines():
            self.seen.append(line)
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data += line.removeprefix("data: ")
            elif not line and data:
                yield Event(name, json.loads(data))
                name, data = "", ""

    def _note(self, response: httpx.Response) -> None:
        self.seen.append(str(response.headers))
        if not response.headers.get("content-type", "").startswith(EVENTS["Accept"]):
            self.seen.append(response.read().decode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.http.close()
