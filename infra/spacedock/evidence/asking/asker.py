"""Who asks a Space, by one way to it."""

from __future__ import annotations

import json as jsons
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from string import Template
from typing import TYPE_CHECKING, Any, Self

from spacedock.edge.base import MEMBERS_TOKEN, Edge, HostForm, Manner
from spacedock.evidence.asking.line import REPEATABLE, Line, Sent
from spacedock.evidence.asking.pieces import Pieces
from spacedock.evidence.asking.reply import AskLimits, Reply
from spacedock.space.manifest import Request

if TYPE_CHECKING:
    import httpx

_KEPT = 8  # lines at most that wait for the next request
DEFAULT_LIMITS = AskLimits()


class Asker:
    """Asks one Space by one way. A context manager, for several threads at once; it keeps connections.

    Whatever the Space does is a reply. Raises ValueError for a path that is none.
    """

    def __init__(
        self,
        url: str,
        connect: Callable[[], httpx.Client],
        limits: AskLimits = DEFAULT_LIMITS,
        also: Iterable[str] = (),
    ) -> None:
        import httpx

        self._url = httpx.URL(url)
        self._connect = connect
        self._limits = limits
        # By which a redirect names the Space itself.
        self._own = frozenset(map(_origin, [self._url, *map(httpx.URL, also)]))
        self._idle: list[Line] = []
        self._lock = threading.Lock()
        self._closed = False
        self.url = url.rstrip("/")
        self.broke = False  # whether a connection was refused, reset or cut off: who was asked may be gone

    @property
    def origin(self) -> str:
        """Scheme, host and port, as a browser has them in `Origin`."""
        return f"{self._url.scheme}://{self._url.netloc.decode()}"

    def ask(  # noqa: PLR0913 - what makes a request
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: str | bytes | None = None,
        json: Any = None,
        limits: AskLimits | None = None,
    ) -> Reply:
        """Ask, and read the answer as far as its limits allow."""
        sent = self._sent(method, path, headers, content, json)
        with self._line(method) as line, self._asked(line, sent, path, limits) as answer:
            return _read(answer)

    def head_only(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        limits: AskLimits | None = None,
    ) -> Reply:
        """Return status and headers; the body, which may never end, is not read."""
        sent = self._sent(method, path, headers)
        with self._line(method) as line, self._asked(line, sent, path, limits) as answer:
            return answer.reply

    def follow(
        self, path: str = "/", *, method: str = "GET", limits: AskLimits | None = None
    ) -> tuple[Reply, ...]:
        """Ask and follow redirects within the Space, cookies kept; return every reply, the last one last.

        One that leads elsewhere, or on and on, is the last.
        """
        replies: list[Reply] = []
        url: httpx.URL | None = self._target(path)
        with self._line(method) as line:
            while url is not None and len(replies) <= (limits or self._limits).redirects:
                asked = url.raw_path.decode()
                with self._asked(line, Sent(method, url), asked, limits) as answer:
                    replies.append(_read(answer))
                url = self._next(url, replies[-1])
        return tuple(replies)

    @contextmanager
    def pieces(  # noqa: PLR0913 - what makes a request
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: str | bytes | None = None,
        json: Any = None,
        limits: AskLimits | None = None,
    ) -> Iterator[Pieces]:
        """Ask, and have the body piece by piece as it comes; leaving hangs up."""
        sent = self._sent(method, path, headers, content, json)
        with self._line(method) as line, self._asked(line, sent, path, limits) as answer:
            yield answer

    def send(
        self, request: Request, headers: Mapping[str, str] | None = None, limits: AskLimits | None = None
    ) -> Reply:
        """Send a request of the manifest, with exactly these headers where there are any given."""
        given = request.headers if headers is None else headers
        plain = request.body if isinstance(request.body, str) else None
        json = None if isinstance(request.body, str) else request.body
        return self.ask(request.method, request.path, headers=given, content=plain, json=json, limits=limits)

    def send_at_once(self, requests: Iterable[Request], times: int) -> tuple[Reply, ...]:
        """Send each request `times` times, all side by side, each over a connection of its own."""
        every = [request for request in requests for _ in range(times)]
        if not every:
            return ()
        with ThreadPoolExecutor(len(every), "ask") as pool:
            return tuple(pool.map(self.send, every))

    def close(self) -> None:
        """Close all connections; those that are in use are closed after it."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for line in idle:
            line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _sent(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
        content: str | bytes | None = None,
        json: Any = None,
    ) -> Sent:
        given = dict(headers or {})
        if json is not None:
            content = jsons.dumps(json, ensure_ascii=False, separators=(",", ":"), default=str)
            if "content-type" not in map(str.lower, given):
                given["Content-Type"] = "application/json"
        return Sent(method, self._target(path), given, content)

    def _target(self, path: str) -> httpx.URL:
        if not path.startswith("/"):
            raise ValueError(f"{path!r} is no path: one begins with /")
        import httpx

        try:
            return httpx.URL(f"{self.origin}{path}")
        except httpx.InvalidURL as error:
            raise ValueError(f"{path!r} is no path: {error}") from error

    def _next(self, url: httpx.URL, reply: Reply) -> httpx.URL | None:
        """Return where a redirect leads within the Space; None where it leads elsewhere, or is none."""
        import httpx

        if not reply.redirects:
            return None
        try:
            target = url.join(reply.location)
            within = _origin(target) in self._own
            return self._target(target.raw_path.decode()) if within else None
        except (httpx.InvalidURL, ValueError):
            return None

    @contextmanager
    def _asked(self, line: Line, sent: Sent, path: str, limits: AskLimits | None) -> Iterator[Pieces]:
        limits = limits or self._limits
        with line.until(limits.seconds), closing(Pieces(line, sent, path, limits)) as answer:
            try:
                yield answer
            finally:
                self.broke = self.broke or answer.reply.broken

    @contextmanager
    def _line(self, method: str) -> Iterator[Line]:
        """Lend a line to one request: one that is kept only to what can be sent twice."""
        line = self._taken(kept=method in REPEATABLE)
        try:
            yield line
        finally:
            line.forget()
            with self._lock:
                keep = not self._closed and len(self._idle) < _KEPT
                if keep:
                    self._idle.append(line)
            if not keep:
                line.close()

    def _taken(self, *, kept: bool) -> Line:
        with self._lock:
            if self._closed:
                raise RuntimeError("who asks has been closed")
            if kept and self._idle:
                return self._idle.pop()
        return Line(self._connect())


def directly(url: str, limits: AskLimits = DEFAULT_LIMITS, host: str = "") -> Asker:
    """Ask an instance where it listens; with `host` it is asked by that name."""
    import httpx

    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # no authority is read for what goes without TLS

    def connect() -> httpx.Client:
        transport = httpx.HTTPTransport(verify=nobody, trust_env=False)
        headers = {"Host": host} if host else {}
        return httpx.Client(transport=transport, headers=headers, trust_env=False)

    return Asker(url, connect, limits, [f"http://{host}", f"https://{host}"] if host else [])


def through(
    edge: Edge,
    manner: Manner,
    host: HostForm = HostForm.PUBLIC,
    limits: AskLimits = DEFAULT_LIMITS,
    *,
    member: bool = True,
) -> Asker:
    """Ask through the edge, which serves https under the Space's name, whatever a redirect says.

    A private Space is asked by a `member` of it, or by somebody who is none.
    """

    def connect() -> httpx.Client:
        client = edge.client(manner, host)
        if not member:
            client.headers.pop(MEMBERS_TOKEN, None)
        return client

    return Asker(edge.url, connect, limits, [edge.url.replace("https://", "http://", 1)])


def headers_of(request: Request, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request; in them `$NAME` stands for a secret or variable."""
    return {name: Template(value).safe_substitute(environment) for name, value in request.headers.items()}


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _read(answer: Pieces) -> Reply:
    body = b"".join(answer)
    return replace(answer.reply, body=body)
