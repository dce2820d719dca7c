"""A few words of JSON over plain HTTP with what breaks services for us."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import Any

CONTROL = "CONTROL_TOKEN"  # the name of the token in the environment of who is asked
SHOWN_IN = "X-Spacedock-Control"  # the header of a request that shows it

_TIMEOUT = 10.0  # seconds that an answer may take


@dataclass(frozen=True)
class Control:
    """The control of what runs at `address`, a `host:port`; the Space reaches it too, but has no `token`."""

    address: str
    token: str = field(repr=False)

    def ask(self, method: str, path: str, order: object = None) -> Any:
        """Return what is answered. Raises ValueError in its words for a refusal."""
        connection = http.client.HTTPConnection(self.address, timeout=_TIMEOUT)
        try:
            body = None if order is None else json.dumps(order)
            headers = {"Content-Type": "application/json", SHOWN_IN: self.token}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 400:
            raise ValueError(f"{method} {path}: {answer.status} {text}")
        return json.loads(text) if text else None
