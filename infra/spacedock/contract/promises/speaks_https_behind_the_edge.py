"""A Space writes URLs that a browser can follow: its own are https."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qs, urlsplit

from spacedock import platform
from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.asking import Reply
from spacedock.evidence.base import Evidence
from spacedock.evidence.examples import told
from spacedock.evidence.pages import LoadedPage, PageSeen
from spacedock.evidence.redirects import ApiDescribed, Redirected
from spacedock.evidence.routes import RoutesAsked
from spacedock.evidence.visits import Followed
from spacedock.space import Space

_HTTPS_PORTS = frozenset({None, 443})
_NO_URL = urlsplit("")

# A WebSocket of the page's own host, or of any other, that is opened without TLS.
_INSECURE_SOCKET = re.compile(
    r"""["'`]ws://(?:["'`]\s*\+\s*|\$\{)(?:\w+\.)?location\.host|WebSocket\(\s*["'`]ws://(?!localhost|127\.)"""
)
_CHOOSES = "wss:"  # a script that knows both takes the one that the page was loaded by


class SpeaksHttpsBehindTheEdge(Promise):
    """Looked at: redirects of all paths that it names, logins, the page at `/`, OpenAPI's servers."""

    title = "its own URLs are https behind the edge"
    reason = "TLS ends at the edge: a server that does not believe `X-Forwarded-Proto` takes itself for http."
    consequence = (
        "The page is https, so that browsers block what it loads or calls by http: `Mixed Content: ... was "
        "loaded over HTTPS, but requested an insecure resource`."
    )
    remedy = (
        "believe the edge's `X-Forwarded-Proto`: uvicorn `--proxy-headers --forwarded-allow-ips=10.0.0.0/8` "
        "(with `'*'` it takes the left-most X-Forwarded-For, which can be forged, for the client), Express "
        "`app.set('trust proxy', 1)`, Django SECURE_PROXY_SSL_HEADER, nginx inside `absolute_redirect off`; "
        "or write relative URLs"
    )
    source = (
        "platform facts EDGE_ENDS_TLS, EDGE_FORWARDED_PROTO; incidents mixed-content-redirect, "
        "oauth-redirect-http, websocket-scheme-or-upgrade"
    )
    since = "0.2"
    level = Level.SHOULD  # a redirect that nobody follows harms nobody
    evidence: ClassVar = (Followed, ApiDescribed, Redirected, RoutesAsked, PageSeen)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """What may redirect, and the page."""
        return (Followed(), ApiDescribed(), Redirected(), RoutesAsked(), PageSeen())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at each URL that a visitor is given."""
        page = seen(PageSeen())
        if page and not _upgrades(page.page.reply):
            yield from self._page(space, page)
        visited = [reply for reply in seen(Followed()) if not _only_turns_the_slash(space, reply)]
        redirects = dict(_redirects([*visited, *seen(Redirected()), *seen(RoutesAsked())]))
        for defect in (_to_http, _to_nowhere, _back_to_http):
            if found := [what for what, target in redirects.items() if defect(space, target)]:
                yield self.problem(told(f"{what} {redirects[what]}" for what in found))
        if servers := [url for url in seen(ApiDescribed()).servers if _to_http(space, url)]:
            yield self.problem(f"/openapi.json names as its server {', '.join(servers)}")

    def _page(self, space: Space, seen: LoadedPage) -> Iterator[Problem]:
        page = seen.page
        loaded = [load.url for load in page.loads if load.url.lower().startswith("http://")]
        if loaded:
            yield self.problem(told(f"the page at / loads {url}" for url in loaded))
        own = re.findall(
            rf"\b(?:http|ws)://{re.escape(space.host)}[^\s\"'<>)]*", page.reply.text, re.IGNORECASE
        )
        if others := [url for url in dict.fromkeys(own) if url not in loaded]:
            yield self.problem(told(f"the page at / names {url}" for url in others))
        if sockets := list(_insecure_sockets(seen)):
            yield self.problem(
                told(sockets),
                consequence="Browsers refuse it: `An insecure WebSocket connection may not be initiated "
                "from a page loaded over HTTPS`.",
                remedy="open it by `wss://`, or by the scheme of the page: `new WebSocket(new URL('/ws', "
                "location.href.replace(/^http/, 'ws')))`",
            )


def _redirects(replies: Iterable[Reply]) -> Iterator[tuple[str, str]]:
    """Yield what redirects, and where to."""
    for reply in replies:
        if reply.redirects:
            yield f"{reply.method} {reply.path.partition('?')[0]} redirects to", reply.location


def _only_turns_the_slash(space: Space, reply: Reply) -> bool:
    """Whether a visitor of the page is sent on to the same path, a slash more or less: the edge mends that.

    The platform's edge leads a visitor who comes by http to https (platform fact EDGE_FOLLOWS_REDIRECTS).
    """
    target = _split(reply.location)
    asked, given = (path.rstrip("/") for path in (reply.path.partition("?")[0], target.path))
    return reply.redirects and _to_http(space, reply.location) and asked == given


def _insecure_sockets(page: LoadedPage) -> Iterator[str]:
    """Yield where a script opens a WebSocket without TLS, with what it says there."""
    for script in page.scripts:
        if (found := _INSECURE_SOCKET.search(script.text)) and _CHOOSES not in script.text:
            where = f" in {script.place}" if script.place else ""
            yield f"the page at / opens a WebSocket by ws://{where}: {found[0]}"


def _to_http(space: Space, url: str) -> bool:
    parts = _split(url)
    return parts.scheme in {"http", "ws"} and parts.hostname == space.host


def _back_to_http(space: Space, url: str) -> bool:
    """Whether a provider is told to send the visitor back by http (OAuth 2.0, `redirect_uri`)."""
    return any(_to_http(space, back) for back in _asked(url).get("redirect_uri", []))


def _to_nowhere(space: Space, url: str) -> bool:
    """Whether no browser can follow it: a host or port that only the Space's own network knows."""
    parts = _split(url)
    if parts.hostname == space.host:
        return parts.scheme == "https" and parts.port not in _HTTPS_PORTS
    if parts.hostname in {None, platform.INTERNAL_HOST.value, "localhost"}:
        return parts.hostname is not None
    try:
        return not ip_address(parts.hostname or "").is_global
    except ValueError:
        return "." not in str(parts.hostname)


def _split(url: str) -> SplitResult:
    """Take a URL apart; what is none is as an empty one."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for one that is no number
    except ValueError:
        return _NO_URL
    return parts


def _asked(url: str) -> dict[str, list[str]]:
    try:
        return parse_qs(_split(url).query)
    except ValueError:  # more fields than anybody reads
        return {}


def _upgrades(page: Reply) -> bool:
    """Whether the page has browsers turn http into https by themselves (CSP)."""
    policy = "upgrade-insecure-requests"
    return policy in page.headers.get("content-security-policy") or policy in page.text
