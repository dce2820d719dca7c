"""A Space's pages find what they load from it, and look for it nowhere but there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar
from urllib.parse import urlsplit

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.asking import Reply
from spacedock.evidence.examples import told
from spacedock.evidence.markup import Script
from spacedock.evidence.pages import LoadedPage, PageSeen
from spacedock.space import Space

_PAGES = ("/", "/docs")

# With a port or a path: the bare `http://localhost` stands in many libraries, where it is never asked.
_LOCAL = re.compile(
    r"""["'`](?P<url>(?:https?|wss?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+|/[\w$])[^"'`\s]*)"""
)
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "0.0.0.0"})  # noqa: S104 - nothing is bound to it
_TOOLS = frozenset({"http://localhost:8969/stream"})  # Sentry's Spotlight, in every bundle of its SDK
# A script that compares the host with such a name asks where it runs, and may well know what to do there.
_ASKS_WHERE_IT_RUNS = re.compile(r"""["'`](?:localhost|127\.0\.0\.1)["'`]""")


class FindsWhatItsPagesLoad(Promise):
    """Looked at: `/` and `/docs`, what they load from the Space, and their own scripts.

    A front end that is served elsewhere is not looked at, nor what a script puts together while it runs.
    """

    title = "its pages find what they load, and none of them calls localhost"
    reason = (
        "The Space is served from the root of its host, and its pages run in the visitor's browser, where "
        "localhost is the visitor's own machine."
    )
    consequence = "The page comes up empty or without data, while the log of the Space shows no error."
    remedy = (
        "write URLs relative to the page (`/api/notes`); give a front end's build its base URL before it is "
        "built (VITE_..., NEXT_PUBLIC_... are written into the bundle); set no root path"
    )
    source = "spaces-embed (served from the root); incidents frontend-url-baked, docs-behind-root-path"
    since = "0.3"
    level = Level.SHOULD  # a page may get by without something that it loads
    evidence: ClassVar = (PageSeen,)

    def wants(self, _space: Space) -> tuple[PageSeen, ...]:
        """Each page, opened through the edge, and what it loads."""
        return tuple(map(PageSeen, _PAGES))

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look at each page that there is."""
        for wanted in self.wants(space):
            if page := seen(wanted):
                yield from self._page(wanted.path, page)

    def _page(self, path: str, page: LoadedPage) -> Iterator[Problem]:
        if absent := [what for reply in page.replies if (what := _absent(reply))]:
            yield self.problem(told(f"the page at {path} loads {what}" for what in absent))
        if local := list(_local(page)):
            yield self.problem(
                told(f"the page at {path} {what}" for what in local),
                consequence="In a visitor's browser that is the visitor's own machine: the call fails with "
                "`net::ERR_CONNECTION_REFUSED`, or reaches what happens to run there.",
            )


def _absent(reply: Reply) -> str:
    """Return what the Space does not answer with, of what the page loads from it; empty where it does."""
    path = reply.path.partition("?")[0]
    if reply.status is None:
        return f"{path}, which is not answered: {reply.failure}"
    return f"{path}, which answers {reply.status}" if reply.status >= 400 else ""


def _local(seen: LoadedPage) -> Iterator[str]:
    """Yield what the page loads or calls on the visitor's own machine."""
    for load in seen.page.loads:
        if load.kind != "form" and _host(seen.page.absolute(load.url)) in _LOCAL_HOSTS:
            yield f"loads {load.url}"
    for script in seen.scripts:
        where = f"loads {script.place}, which " if script.place else ""
        yield from (f"{where}calls {url}" for url in _called(script))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # what stands in a page need be no URL
        return None


def _called(script: Script) -> Iterable[str]:
    if _ASKS_WHERE_IT_RUNS.search(script.text):
        return ()
    return dict.fromkeys(url for url in _LOCAL.findall(script.text) if url not in _TOOLS)
