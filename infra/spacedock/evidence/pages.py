"""Pages as a browser has them, as far as their HTML and their own scripts tell."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urljoin

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
# A static import or export (ECMAScript, 16.2) at the start of a statement; a bare name is none of ours.
_IMPORT = re.compile(
    r"""(?:^|[;}])\s*(?:import|export)\b\s*(?:[\w*{}\s,$]+?\bfrom\b\s*)?["']((?:\.{0,2}/)[^"'\s]+)["']""",
    re.MULTILINE,
)
_SCRIPTS = 40  # at most, that are read of one page
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
    modules = _own(page, asker.origin, (load.url for load in page.loads if load.module))
    inline = [url for script in page.inline for url in imported(script.text)]
    fetching = _Fetching(asker, {*modules, *_own(page, asker.origin, inline)})
    scripts = tuple(fetching.all_of([*code, *_own(page, asker.origin, inline)]))
    loads = [load.url for load in page.loads if load.kind not in _NOT_ASKED]
    wanted = _own(page, asker.origin, [*loads, *_DESCRIPTION.findall(page.reply.text)])[:_ASKED]
    replies = {reply.path: reply for reply in scripts}
    replies |= {reply.path: reply for reply in heads(asker, (path for path in wanted if path not in replies))}
    own = (Script(_without_query(reply), reply.text) for reply in scripts if reply.ok)
    loaded = dict.fromkeys([*wanted, *(reply.path for reply in scripts)])
    return LoadedPage(page, tuple(replies[path] for path in loaded if path in replies), (*page.inline, *own))


def _own(page: Page, origin: str, urls: Iterable[str]) -> list[str]:
    """Return the paths of those that lead to the Space itself, each once and in order."""
    return list(dict.fromkeys(filter(None, (path_in(origin, page.absolute(url)) for url in urls))))


def imported(text: str) -> list[str]:
    """Return the URLs that a module imports as soon as it is loaded, other than by a bare name."""
    return _IMPORT.findall(text)


class _Fetching:
    """Asks for scripts, their bodies too, and for what modules import, as far as size and time allow."""

    def __init__(self, asker: Asker, modules: set[str]) -> None:
        self._asker = asker
        self._modules = modules
        self._left = _SCRIPT_BYTES
        self._ends = time.monotonic() + MANY_SECONDS

    def all_of(self, paths: Iterable[str]) -> Iterator[Reply]:
        """Yield the reply of each path once, then of what those import."""
        waiting = list(dict.fromkeys(paths))
        for path in waiting:  # which grows meanwhile
            if len(waiting) > _SCRIPTS:
                del waiting[_SCRIPTS:]
            if (reply := self._ask(path)) is not None:
                yield reply
                new = [each for each in self._imports(reply) if each not in waiting]
                self._modules.update(new)
                waiting += new

    def _ask(self, path: str) -> Reply | None:
        seconds = self._ends - time.monotonic()
        if seconds <= 0 or self._left <= 0:
            return None
        with suppress(ValueError):  # the page names as a path what is none
            reply = self._asker.ask("GET", path, limits=AskLimits(seconds=seconds, body=self._left))
            self._left -= len(reply.body)
            return reply
        return None

    def _imports(self, reply: Reply) -> Iterator[str]:
        """Yield the paths within the Space that a module imports."""
        if reply.ok and reply.path in self._modules:
            for url in dict.fromkeys(imported(reply.text)):
                with suppress(ValueError):
                    if path := path_in(self._asker.origin, urljoin(f"{self._asker.origin}{reply.path}", url)):
                        yield path


def _without_query(reply: Reply) -> str:
    return reply.path.partition("?")[0]
