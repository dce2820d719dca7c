"""What a Space answered, and what an answer may cost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_SHOWN = 300  # characters of an answer that are told
_SAID = 10_000  # characters of an answer in which it says why it refuses
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
# Codecs of Python that no page is written in; some take forever, or warn.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape"})


# How servers say that they do not know who they are asked as: MCP, Starlette, webpack, Django, Vite.
_UNKNOWN_HOST = re.compile(
    r"invalid host header|invalid http_host header|disallowedhost|\bhost\b.{0,100}\bis not allowed",
    re.IGNORECASE,
)
_MISDIRECTED = 421  # RFC 9110, 15.5.20

# What httpx calls a connection that was refused, reset, or hung up on.
_BREAKS = frozenset({"ConnectError", "ReadError", "WriteError", "CloseError", "RemoteProtocolError"})


@dataclass(frozen=True)
class AskLimits:
    """What one answer may cost."""

    seconds: float = 30.0  # for all of it, however it comes
    body: int = 2**20  # bytes, decompressed
    headers: int = 64 * 1024  # bytes
    redirects: int = 5  # that are followed


@dataclass(frozen=True)
class Headers:
    """The headers of an answer, as they came; the case of their names is no matter."""

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """Return the value; of a header that came several times, all of them, with commas between."""
        return ", ".join(self.get_list(name)) if name in self else default

    def get_list(self, name: str) -> tuple[str, ...]:
        """Return each value of a header."""
        return tuple(value for other, value in self.pairs if other.lower() == name.lower())

    def items(self) -> Iterable[tuple[str, str]]:
        """Return names and values, one that came several times each time."""
        return self.pairs

    def __contains__(self, name: str) -> bool:
        return any(other.lower() == name.lower() for other, _ in self.pairs)


@dataclass(frozen=True)
class Reply:
    """What came back; `status` is None where no answer did."""

    method: str
    path: str  # and query, as asked
    status: int | None = None
    headers: Headers = Headers()
    body: bytes = b""  # at most what the limits allow
    failure: str = ""  # why there is no answer, or where it broke off; being cut at a limit of size is none
    whole: bool = False  # whether `body` is all of it
    seconds: float = field(default=0.0, compare=False)

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        named = _CHARSET.search(self.headers.get("content-type"))
        charset = named[1].lower().replace("-", "_") if named else "utf_8"
        try:
            return self.body.decode("utf_8" if charset in _NO_CHARSETS else charset, "replace")
        except (LookupError, ValueError):
            return self.body.decode("utf_8", "replace")

    @property
    def answered(self) -> bool:
        """Whether an answer came, be it a part of one."""
        return self.status is not None

    @property
    def broken(self) -> bool:
        """Whether the connection did not come about, or broke."""
        return self.failure.partition(" ")[0] in _BREAKS

    @property
    def failed(self) -> bool:
        """Whether it is the Space that failed, and not who asked."""
        return self.status is None or self.status >= 500

    @property
    def misdirected(self) -> bool:
        """Whether it says that the Space does not know the host that it was asked by."""
        if self.status == _MISDIRECTED:
            return True
        return self.status in {400, 403} and _UNKNOWN_HOST.search(self.text[:_SAID]) is not None

    @property
    def ok(self) -> bool:
        """Whether it is a success (2xx)."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def redirects(self) -> bool:
        """Whether it sends whoever asks to another place (3xx)."""
        return self.status is not None and 300 <= self.status < 400 and bool(self.location)

    @property
    def location(self) -> str:
        """Where to, as it is written; empty where it says nothing."""
        return self.headers.get("location")

    def __str__(self) -> str:
        asked = f"{self.method} {self.path}"
        if self.status is None:
            return f"{asked} is not answered: {self.failure}"
        broken = f" and breaks off ({self.failure})" if self.failure else ""
        text = " ".join(self.text.split())[:_SHOWN]
        return f"{asked} answers {self.status}{broken}{f': {text}' if text else ''}"
