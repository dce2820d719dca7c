"""What a page loads and what its scripts say, as far as its HTML and its own scripts tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import httpx

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
_SCRIPTS = 20  # at most, that are read of one page


@dataclass(frozen=True)
class Load:
    """One thing that a page loads, or sends a form to: `kind` is its tag, of a link what it is for."""

    kind: str
    url: str  # as it is written


@dataclass(frozen=True)
class Script:
    """What a script says, and where it stands: empty, the page itself."""

    place: str
    text: str


class Page:
    """An answer that is a page, and what its HTML says."""

    def __init__(self, answer: httpx.Response) -> None:
        reader = _Reader(answer.text)
        self.text = answer.text
        self.loads = tuple(reader.loads)
        self.inline = tuple(Script("", text) for text in reader.scripts if text.strip())
        self._base = _joined(answer.url, reader.base) or answer.url
        self._host = answer.url.host

    def absolute(self, url: str) -> httpx.URL | None:
        """Return what a browser makes of a URL in the page; None of what is none."""
        return _joined(self._base, url)

    def of_the_space(self, url: str) -> httpx.URL | None:
        """Return the absolute URL where it leads to the Space itself, by whatever scheme; else None."""
        found = self.absolute(url)
        if found is None or found.host != self._host or found.scheme not in {"http", "https"}:
            return None
        if found.port not in _USUAL_PORTS:
            return None
        return found.copy_with(scheme="https", port=None, fragment=None)

    def scripts(self, client: httpx.Client) -> Iterator[Script]:
        """Yield its scripts: those in the page, then those that the Space answers with."""
        yield from self.inline
        named = dict.fromkeys(load.url for load in self.loads if load.kind in {"script", "modulepreload"})
        own = (self.of_the_space(url) for url in list(named)[:_SCRIPTS])
        for url in filter(None, own):
            answer = client.get(url)
            if answer.is_success:
                yield Script(url.path, answer.text)


def _joined(base: httpx.URL, url: str) -> httpx.URL | None:
    try:
        return base.join(url)
    except httpx.InvalidURL:
        return None


class _Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[Load] = []
        self.scripts: list[str] = []
        self.base = ""
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "").strip() for name, value in attrs}
        self._in_script = tag == "script" and given.get("type", "").lower() in _JAVASCRIPT
        if self._in_script:
            self.scripts.append("")
        if tag == "base":
            self.base = self.base or given.get("href", "")
        kinds = [tag] if tag in _LOADED else []
        if tag == "link":
            kinds = sorted(_LOADED_LINKS & set(given.get("rel", "").lower().split()))
        url = given.get(_LOADED.get(tag, "href"), "")
        if kinds and url:
            self.loads.append(Load(kinds[0], url))

    def handle_endtag(self, _tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data  # it may come in pieces
