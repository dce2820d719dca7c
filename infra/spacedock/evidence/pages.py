"""Pages as a browser has them, as far as their HTML and their own scripts tell."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.edge.base import Manner
from spacedock.evidence.asking import Asker, AskLimits, Reply
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.evidence.markup import Page, Script, page_of, path_in
from spacedock.evidence.visits import MANY_SECONDS, Followed, heads, is_page
from spacedock.space import Space

# An icon or a web app manifest that is missing harms nobody, and forms are sent by people.
_NOT_ASKED = frozenset({"form", "icon", "manifest"})
_CODE = frozenset({"script", "modulepreload"})
# Where Swagger UI and Redoc get the description from.
_DESCRIPTION = re.compile(r"""(?:SwaggerUIBundle\(\{\s*["']?url["']?\s*:|spec-url=)\s*["']([^"']+)["']""")
_SCRIPTS = 20  # at most, that are read of one page
_SCRIPT_BYTES = 16 * 2**20  # of all of them together
_ASKED = 50  # at most, of what one page loads


@dataclass(frozen=True)
class LoadedPage:
    """A page as a browser has it."""

    page: Page
    replies: tuple[Reply, ...]  # to what it loads from the Space, as far as it was asked for
    scripts: tuple[Script, ...]  # those in the page, then those that the Space answered with


@dataclass(frozen=True)
class PageSeen(Evidence[LoadedPage | None]):
    """The page at `path`, seen through the edge, and what it loads; None where there is none."""

    path: str = "/"

    needs: ClassVar = Followed.needs
    seconds: ClassVar = Followed.seconds + 3 * MANY_SECONDS

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> LoadedPage | None:
        """Read it, and ask for each thing that it loads once: of scripts for their text too."""
        reply = around.look(Followed(self.path))[-1]
        if not is_page(reply):
            return None
        with asking(around.ready(AS_DEPLOYED), Manner.OBSERVED) as asker:
            return _loaded(asker, page_of(asker.origin, reply))


def _loaded(asker: Asker, page: Page) -> LoadedPage:
    code = _own(page, asker.origin, (load.url for load in page.loads if load.kind in _CODE))
    scripts = tuple(_fetched(asker, code[:_SCRIPTS]))
    loads = [load.url for load in page.loads if load.kind not in _NOT_ASKED]
    wanted = _own(page, asker.origin, [*loads, *_DESCRIPTION.findall(page.reply.text)])[:_ASKED]
    replies = {reply.path: reply for reply in scripts}
    replies |= {reply.path: reply for reply in heads(asker, (path for path in wanted if path not in replies))}
    own = (Script(_without_query(reply), reply.text) for reply in scripts if reply.ok)
    return LoadedPage(page, tuple(replies[path] for path in wanted if path in replies), (*page.inline, *own))


def _own(page: Page, origin: str, urls: Iterable[str]) -> list[str]:
    """Return the paths of those that lead to the Space itself, each once and in order."""
    return list(dict.fromkeys(filter(None, (path_in(origin, page.absolute(url)) for url in urls))))


def _fetched(asker: Asker, paths: Iterable[str]) -> Iterator[Reply]:
    """Ask for the bodies too, as far as size and time of all of them allow."""
    left, ends = _SCRIPT_BYTES, time.monotonic() + MANY_SECONDS
    for path in paths:
        seconds = ends - time.monotonic()
        if seconds <= 0 or left <= 0:
            return
        with suppress(ValueError):  # the page names as a path what is none
            reply = asker.ask("GET", path, limits=AskLimits(seconds=seconds, body=left))
            left -= len(reply.body)
            yield reply


def _without_query(reply: Reply) -> str:
    return reply.path.partition("?")[0]
