"""A Space writes URLs that a browser can follow: its own are https."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

import httpx

from spacedock import platform
from spacedock.contract.base import LookPromise
from spacedock.contract.evidence.pages import Page
from spacedock.contract.evidence.visits import is_page, visit
from spacedock.contract.promise import Level, Problem
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.edge.base import Manner
from spacedock.evidence.examples import told
from spacedock.space import Space

_PATHS = 20  # at most, of those whose slash at the end is turned
_HTTPS_PORTS = frozenset({None, 443})

# A WebSocket of the page's own host, or of any other, that is opened without TLS.
_INSECURE_SOCKET = re.compile(
    r"""["'`]ws://(?:["'`]\s*\+\s*|\$\{)(?:\w+\.)?location\.host|WebSocket\(\s*["'`]ws://(?!localhost|127\.)"""
)
_CHOOSES = "wss:"  # a script that knows both takes the one that the page was loaded by
# Paths at which a visitor is sent to who knows them; the platform's own client serves the last.
_LOGIN = re.compile(r"(^|[/_-])(log-?in|sign-?in|sso|authorize)(/|$)", re.IGNORECASE)
_LOGINS = ("/login", "/oauth/huggingface/login")


class SpeaksHttpsBehindTheEdge(LookPromise):
    """Looked at: redirects, where a login sends back to, the page at `/`, OpenAPI's servers."""

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
    needs = frozenset({Capability.EDGE})

    def look(self, space: Space, instance: FullInstance) -> Iterator[Problem]:
        """Ask through the edge for what may redirect, and read the page."""
        with instance.edge().client(Manner.TRANSPARENT) as client:
            answers = visit(client)
            description = _description(client)
            paths = [*_turned_paths(space, description), *_login_paths(description)]
            redirects = dict(_redirects(client, answers, paths))
            if is_page(answers[-1]) and not _upgrades(answers[-1]):
                yield from self._page(space, client, Page(answers[-1]))
        for defect in (_to_http, _to_nowhere, _back_to_http):
            if found := [what for what, target in redirects.items() if defect(space, target)]:
                yield self.problem(told(f"{what} {redirects[what]}" for what in found))
        if servers := [url for url in _servers(description) if _to_http(space, url)]:
            yield self.problem(f"/openapi.json names as its server {', '.join(servers)}")

    def _page(self, space: Space, client: httpx.Client, page: Page) -> Iterator[Problem]:
        loaded = [load.url for load in page.loads if load.url.lower().startswith("http://")]
        if loaded:
            yield self.problem(told(f"the page at / loads {url}" for url in loaded))
        own = re.findall(rf"\b(?:http|ws)://{re.escape(space.host)}[^\s\"'<>)]*", page.text, re.IGNORECASE)
        if others := [url for url in dict.fromkeys(own) if url not in loaded]:
            yield self.problem(told(f"the page at / names {url}" for url in others))
        if sockets := list(_insecure_sockets(client, page)):
            yield self.problem(
                told(sockets),
                consequence="Browsers refuse it: `An insecure WebSocket connection may not be initiated "
                "from a page loaded over HTTPS`.",
                remedy="open it by `wss://`, or by the scheme of the page: `new WebSocket(new URL('/ws', "
                "location.href.replace(/^http/, 'ws')))`",
            )


def _redirects(
    client: httpx.Client, answers: Iterable[httpx.Response], paths: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield what redirects, and where to."""
    for answer in answers:
        if answer.is_redirect:
            yield f"GET {answer.request.url.path} redirects to", answer.headers["location"]
    for path in paths:
        with client.stream("GET", path) as answer:  # the body of one that does not redirect may never end
            if answer.is_redirect:
                yield f"GET {path} redirects to", answer.headers["location"]


def _turned_paths(space: Space, description: dict[str, object]) -> list[str]:
    """Return paths with a slash more or less than they have, which many servers mend by a redirect."""
    known = dict.fromkeys([space.manifest.space.ready, "/docs", *_plain_paths(description)])
    return [path[:-1] if path.endswith("/") else f"{path}/" for path in known if path != "/"][:_PATHS]


def _login_paths(description: dict[str, object]) -> list[str]:
    """Return paths that may send a visitor to who knows them."""
    return list(dict.fromkeys([*_LOGINS, *filter(_LOGIN.search, _plain_paths(description))]))[:_PATHS]


def _insecure_sockets(client: httpx.Client, page: Page) -> Iterator[str]:
    """Yield where a script opens a WebSocket without TLS, with what it says there."""
    for script in page.scripts(client):
        if (found := _INSECURE_SOCKET.search(script.text)) and _CHOOSES not in script.text:
            where = f" in {script.place}" if script.place else ""
            yield f"the page at / opens a WebSocket by ws://{where}: {found[0]}"


def _description(client: httpx.Client) -> dict[str, object]:
    """Return the OpenAPI description, where FastAPI and others have it; empty when there is none."""
    answer = client.get("/openapi.json")
    try:
        found = answer.json() if answer.is_success else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _plain_paths(description: dict[str, object]) -> list[str]:
    """Return the described paths that are complete as they stand."""
    described = description.get("paths")
    return [path for path in described if "{" not in path] if isinstance(described, dict) else []


def _servers(description: dict[str, object]) -> list[str]:
    servers = description.get("servers")
    named = servers if isinstance(servers, list) else []
    return [str(server.get("url", "")) for server in named if isinstance(server, dict)]


def _to_http(space: Space, url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "ws"} and parts.hostname == space.host


def _back_to_http(space: Space, url: str) -> bool:
    """Whether a provider is told to send the visitor back by http (OAuth 2.0, `redirect_uri`)."""
    return any(_to_http(space, back) for back in parse_qs(urlsplit(url).query).get("redirect_uri", []))


def _to_nowhere(space: Space, url: str) -> bool:
    """Whether no browser can follow it: a host or port that only the Space's own network knows."""
    parts = urlsplit(url)
    if parts.hostname == space.host:
        return parts.scheme == "https" and parts.port not in _HTTPS_PORTS
    if parts.hostname in {None, platform.INTERNAL_HOST.value, "localhost"}:
        return parts.hostname is not None
    try:
        return not ip_address(parts.hostname or "").is_global
    except ValueError:
        return "." not in str(parts.hostname)


def _upgrades(answer: httpx.Response) -> bool:
    """Whether the page has browsers turn http into https by themselves (CSP)."""
    policy = "upgrade-insecure-requests"
    return policy in answer.headers.get("content-security-policy", "") or policy in answer.text
