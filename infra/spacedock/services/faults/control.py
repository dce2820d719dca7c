"""A few words of JSON over plain HTTP with what breaks services for us."""

from __future__ import annotations

import http.client
import json
from typing import Any

_TIMEOUT = 10.0  # seconds that an answer may take


def ask(address: str, method: str, path: str, order: object = None) -> Any:
    """Return what `address`, a `host:port`, answers. Raises ValueError in its words for a refusal."""
    connection = http.client.HTTPConnection(address, timeout=_TIMEOUT)
    try:
        body = None if order is None else json.dumps(order)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status >= 400:
        raise ValueError(f"{method} {path}: {answer.status} {text}")
    return json.loads(text) if text else None
