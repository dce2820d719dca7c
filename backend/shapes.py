"""What a setting must look like before it is worth trying. Problems never repeat the value."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import SecretStr


def secret(check: Callable[[str], str]) -> Callable[[SecretStr], SecretStr]:
    """Apply a check of text to a masked value."""
    return lambda masked: SecretStr(check(masked.get_secret_value()))


def credential(value: str) -> str:
    """A key that travels in an HTTP header. Raises ValueError."""
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("it has white space or other characters inside that no key has")
    return value


def postgres_url(value: str) -> str:
    """A connection string as the vendors give it. Raises ValueError."""
    parts = _address(value)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("it does not start with postgresql:// or postgres://")
    if not parts.netloc.rpartition("@")[2] and "host" not in parse_qs(parts.query):
        raise ValueError("it names no host")
    return value


def web_address(value: str) -> str:
    """The address of an HTTP service, without a trailing slash. Raises ValueError."""
    parts = _address(value)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("it does not start with https:// or http://")
    if not parts.hostname:
        raise ValueError("it names no host")
    if not _has_valid_port(parts):
        raise ValueError("its port is not a number from 1 to 65535")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("it has more than a host, a port and a path")
    return value.rstrip("/")


def rate(value: str) -> str:
    """A rate as in `30/minute`. Raises ValueError."""
    if not re.fullmatch(r"[1-9][0-9]{0,6}/(second|minute|hour|day)", value):
        raise ValueError("it is not a number, a slash and one of second, minute, hour, day: 30/minute")
    return value


def _address(value: str) -> SplitResult:
    if not value.isprintable() or " " in value:
        raise ValueError("it has white space or invisible characters inside")
    try:
        return urlsplit(value)
    except ValueError:
        raise ValueError("it is no address; special characters in a password are percent-encoded") from None


def _has_valid_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False
