"""A Space writes URLs that a browser can follow: its own are https."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from spacedock import platform
from spacedock.contract.base import Level, Look, Problem
from spacedock.contract.evidence.visits import is_page, visit
from spacedock.docks.base import Berth, Capability
from spacedock.edge.base import Manner
from spacedock.space import Space

_PATHS = 20  # at most, of those whose slash at the end is turned
_SHOWN = 3  # examples of one defect
_HTTPS_PORTS = frozenset({None, 443})

# What a page loads, and from which attribute. A plain link may lead to http.
_LOADED = {
    "audio": "src",
    "embed": "src",
    "form": "action",
    "iframe": "src",
    "img": "src",
    "input": "src",
    "object": "data",
    "script": "src",
    "source": "src",
    "track": "src",
    "video": "src",
}
_LOADED_LINKS = frozenset({"icon", "manifest", "modulepreload", "preload", "stylesheet"})


class SpeaksHttpsBehindTheEdge(Look):
    """Looked at: redirects, the page at `/`, the servers of an OpenAPI description."""

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
    source = "platform facts EDGE_ENDS_TLS, EDGE_FORWARDED_PROTO; incident mixed-content-redirect"
    since = "0.2"
    level = Level.SHOULD  # a redirect that nobody follows harms nobody
    needs = frozenset({Capability.EDGE})

    def look(self, space: Space, berth: Berth) -> Iterator[Problem]:
        """Ask through the edge for what may redirect, and read the page."""
        with berth.edge().client(Manner.TRANSPARENT) as client:
            answers = visit(client)
            description = _description(client)
            redirects = dict(_redirects(client, answers, _turned_paths(space, description)))
        for defect in (_to_http, _to_nowhere):
            if found := [what for what, target in redirects.items() if defect(space, target)]:
                yield self.problem(_told(f"{what} {redirects[what]}" for what in found))
        if is_page(answers[-1]) and not _upgrades(answers[-1]):
            yield from self._page(space, answers[-1].text)
        if servers := [url for url in _servers(description) if _to_http(space, url)]:
            yield self.problem(f"/openapi.json names as its server {', '.join(servers)}")

    def _page(self, space: Space, text: str) -> Iterator[Problem]:
        loaded = _Loaded(text).urls
        if loaded:
            yield self.problem(_told(f"the page at / loads {url}" for url in loaded))
        own = re.findall(rf"\b(?:http|ws)://{re.escape(space.host)}[^\s\"'<>)]*", text, re.IGNORECASE)
        if others := [url for url in dict.fromkeys(own) if url not in loaded]:
            yield self.problem(_told(f"the page at / names {url}" for url in others))


class _Loaded(HTMLParser):
    """The `http://` URLs that a page loads or sends a form to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        url = given.get(_LOADED.get(tag, ""), "")
        if tag == "link" and _LOADED_LINKS & set(given.get("rel", "").lower().split()):
            url = given.get("href", "")
        if url.strip().lower().startswith("http://"):
            self.urls.append(url.strip())


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
    described = description.get("paths")
    plain = [path for path in described if "{" not in path] if isinstance(described, dict) else []
    known = dict.fromkeys([space.manifest.space.ready, "/docs", *plain])
    return [path[:-1] if path.endswith("/") else f"{path}/" for path in known if path != "/"][:_PATHS]


def _description(client: httpx.Client) -> dict[str, object]:
    """Return the OpenAPI description, where FastAPI and others have it; empty when there is none."""
    answer = client.get("/openapi.json")
    try:
        found = answer.json() if answer.is_success else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _servers(description: dict[str, object]) -> list[str]:
    servers = description.get("servers")
    named = servers if isinstance(servers, list) else []
    return [str(server.get("url", "")) for server in named if isinstance(server, dict)]


def _to_http(space: Space, url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "ws"} and parts.hostname == space.host


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


def _told(examples: Iterable[str]) -> str:
    every = list(examples)
    rest = f" (and {len(every) - _SHOWN} more)" if len(every) > _SHOWN else ""
    return "; ".join(every[:_SHOWN]) + rest
