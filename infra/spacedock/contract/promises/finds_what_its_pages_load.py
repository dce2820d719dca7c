"""A Space's pages find what they load from it, and look for it nowhere but there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import httpx

from spacedock.contract.base import LookPromise
from spacedock.contract.evidence.pages import Page, Script
from spacedock.contract.evidence.visits import is_page, visit
from spacedock.contract.promise import Level, Problem
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.edge.base import Manner
from spacedock.evidence.examples import told
from spacedock.space import Space

_PAGES = ("/", "/docs")
_ASKED = 50  # at most, of what one page loads
# An icon or a web app manifest that is missing harms nobody, and forms are sent by people.
_LEFT_OUT = frozenset({"form", "icon", "manifest"})

# Where Swagger UI and Redoc get the description from.
_DESCRIPTION = re.compile(r"""(?:SwaggerUIBundle\(\{\s*["']?url["']?\s*:|spec-url=)\s*["']([^"']+)["']""")
# With a port or a path: the bare `http://localhost` stands in many libraries, where it is never asked.
_LOCAL = re.compile(
    r"""["'`](?P<url>(?:https?|wss?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+|/[\w$])[^"'`\s]*)"""
)
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "0.0.0.0"})  # noqa: S104 - nothing is bound to it
_TOOLS = frozenset({"http://localhost:8969/stream"})  # Sentry's Spotlight, in every bundle of its SDK
# A script that compares the host with such a name asks where it runs, and may well know what to do there.
_ASKS_WHERE_IT_RUNS = re.compile(r"""["'`](?:localhost|127\.0\.0\.1)["'`]""")


class FindsWhatItsPagesLoad(LookPromise):
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
    needs = frozenset({Capability.EDGE})

    def look(self, space: Space, instance: FullInstance) -> Iterator[Problem]:
        """Open each page through the edge, and ask for what it loads."""
        with instance.edge().client(Manner.OBSERVED) as client:
            for path in _PAGES:
                answer = visit(client, path)[-1]
                if is_page(answer):
                    yield from self._page(client, path, Page(answer))

    def _page(self, client: httpx.Client, path: str, page: Page) -> Iterator[Problem]:
        if absent := list(_absent(client, page)):
            yield self.problem(told(f"the page at {path} loads {what}" for what in absent))
        if local := list(_local(client, page)):
            yield self.problem(
                told(f"the page at {path} {what}" for what in local),
                consequence="In a visitor's browser that is the visitor's own machine: the call fails with "
                "`net::ERR_CONNECTION_REFUSED`, or reaches what happens to run there.",
            )


def _absent(client: httpx.Client, page: Page) -> Iterator[str]:
    """Yield what the Space does not answer with, of what the page loads from it."""
    loads = [load.url for load in page.loads if load.kind not in _LEFT_OUT]
    urls = dict.fromkeys(page.of_the_space(url) for url in [*loads, *_DESCRIPTION.findall(page.text)])
    for url in list(filter(None, urls))[:_ASKED]:
        with client.stream("GET", url) as answer:  # the body of a stream of pictures never ends
            if answer.is_error:
                yield f"{url.path}, which answers {answer.status_code}"


def _local(client: httpx.Client, page: Page) -> Iterator[str]:
    """Yield what the page loads or calls on the visitor's own machine."""
    for load in page.loads:
        url = page.absolute(load.url)
        if url is not None and url.host in _LOCAL_HOSTS and load.kind != "form":
            yield f"loads {load.url}"
    for script in page.scripts(client):
        where = f"loads {script.place}, which " if script.place else ""
        yield from (f"{where}calls {url}" for url in _called(script))


def _called(script: Script) -> Iterable[str]:
    if _ASKS_WHERE_IT_RUNS.search(script.text):
        return ()
    return dict.fromkeys(url for url in _LOCAL.findall(script.text) if url not in _TOOLS)
