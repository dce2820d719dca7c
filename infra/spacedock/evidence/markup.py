"""What the HTML of a page says: what it loads, and its scripts."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from spacedock.evidence.asking import Reply

# What a page loads, and from which attribute. A plain link is followed by hand.
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
# Of a script that is JavaScript (HTML standard, 4.12.1); others hold data.
_JAVASCRIPT = frozenset({"", "module", "text/javascript", "application/javascript"})
_USUAL_PORTS = frozenset({None, 80, 443})


@dataclass(frozen=True)
class Load:
    """One thing that a page loads, or sends a form to: `kind` is its tag, of a link what it is for."""

    kind: str
    url: str  # as it is written
    module: bool = False  # a script that may import others


@dataclass(frozen=True)
class Script:
    """What a script says, and where it stands: empty, the page itself."""

    place: str
    text: str


@dataclass(frozen=True)
class Page:
    """A reply that is a page, and what its HTML says."""

    reply: Reply
    base: str  # the absolute URL that those in it are relative to
    loads: tuple[Load, ...]
    inline: tuple[Script, ...]
    links: tuple[str, ...] = ()  # where it leads whoever follows them, as they are written

    def absolute(self, url: str) -> str:
        """Return what a browser makes of a URL in the page; empty of what is none."""
        return _joined(self.base, url)


def page_of(origin: str, reply: Reply) -> Page:
    """Read a page that `origin` answered with."""
    reader = _Reader(reply.text)
    url = f"{origin}{reply.path}"
    inline = tuple(Script("", text) for text in map("".join, reader.scripts) if text.strip())
    base = _joined(url, reader.base) or url
    return Page(reply, base, tuple(reader.loads), inline, tuple(reader.links))


def path_in(origin: str, url: str) -> str:
    """Return the path and query of a URL that leads to `origin`, by http too; empty of any other."""
    try:
        parts, own = urlsplit(url), urlsplit(origin)
        within = parts.hostname == own.hostname and parts.port in _USUAL_PORTS
    except ValueError:  # what stands in a page need be no URL
        return ""
    if parts.scheme not in {"http", "https"} or not within:
        return ""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


class _Reader(HTMLParser):
    """Reads as far as the parser bears it: a declaration or a number can be more than it takes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[Load] = []
        self.links: list[str] = []
        self.scripts: list[list[str]] = []  # the pieces of each
        self.base = ""
        self._in_script = False
        with suppress(AssertionError, ValueError):
            self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").strip() for name, value in attrs}
        self._in_script = tag == "script" and given.get("type", "").lower() in _JAVASCRIPT
        if self._in_script:
            self.scripts.append([])
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "base":
            self.base = self.base or given.get("href", "")
        kinds = [tag] if tag in _LOADED else []
        if tag == "link":
            kinds = sorted(_LOADED_LINKS & set(given.get("rel", "").lower().split()))
        url = given.get(_LOADED.get(tag, "href"), "")
        if kinds and url:
            module = given.get("type", "").lower() == "module" or kinds[0] == "modulepreload"
            self.loads.append(Load(kinds[0], url, module))

    def handle_endtag(self, _tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1].append(data)
