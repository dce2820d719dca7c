"""Visits a Space behind its edge with Chromium, and returns what the console says."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from spacedock import platform
from spacedock.browser.base import Visit
from spacedock.browser.launching import driving, launch_profile
from spacedock.browser.sites import framing, serving
from spacedock.browser.window import BrowserWindow, surroundings
from spacedock.edge.base import Edge
from spacedock.space.manifest import Request

if TYPE_CHECKING:
    from playwright.sync_api import Frame

_QUIET_WITHIN = 10_000  # milliseconds that a page gets until it asks for nothing more
_MARK = "spacedock has seen it"

# Each returns when it has ended, and leaves a failure uncaught, so that the console shows it.
_CALL = """([url, options]) => {
  const made = fetch(url, options).then((answer) => answer.text());
  made.then(() => {});
  return made.then(() => {}, () => {});
}"""
_SPEAK = """(url) => {
  const spoken = new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => socket.close();
    socket.onclose = () => resolve();
  });
  spoken.then(() => {});
  return spoken.then(() => {}, () => {});
}"""


def consoles(edge: Edge, visits: Iterable[Visit], *, credentials: bool) -> Iterator[str]:
    """Yield for each visit the lines of the console, uncaught errors among them.

    `credentials` is what the front end's calls have where a visit does not say. Raises UsageError, with the
    remedy, where there is no browser.
    """
    planned = tuple(visits)
    origins = dict.fromkeys([platform.FRAME_ANCESTOR.value, *(visit.origin for visit in planned)])
    with driving() as playwright, serving(*filter(None, origins)) as sites:
        for manner, alike in groupby(planned, key=lambda visit: visit.manner):
            switches = surroundings(edge, sites, manner)
            with (
                tempfile.TemporaryDirectory() as folder,
                launch_profile(playwright, Path(folder) / "profile", *switches) as profile,
            ):
                for visit in alike:
                    with closing(BrowserWindow(profile)) as window:
                        yield _console(window, visit, edge.url, credentials=credentials)


def page_of(visit: Visit, space: str) -> str:
    """Return the URL that is opened; `space` is the Space's own."""
    own = f"{space}{visit.path}"
    if not visit.origin:
        return own
    return f"{visit.origin}{framing(own)}" if visit.frame else visit.origin


def options_of(call: Request, *, credentials: bool) -> dict[str, Any]:
    """Return the options of `fetch` for a call. A body that is no text is sent as JSON."""
    headers, body = dict(call.headers), call.body
    if isinstance(body, (dict, list)):
        headers.setdefault("content-type", "application/json")
        body = json.dumps(body)
    told = {"method": call.method, "headers": headers, "credentials": "include" if credentials else "omit"}
    return told if body is None else {**told, "body": body}


def _console(window: BrowserWindow, visit: Visit, space: str, *, credentials: bool) -> str:
    from playwright.sync_api import Error  # noqa: PLC0415 - an extra

    try:
        window.page.goto(page_of(visit, space))
        if visit.call is not None:
            asked = credentials if visit.credentials is None else visit.credentials
            given = [space + visit.call.path, options_of(visit.call, credentials=asked)]
            window.page.evaluate(_CALL, given)
        if visit.websocket:
            window.page.evaluate(_SPEAK, visit.websocket.replace("$SPACE_HOST", urlsplit(space).netloc))
    except Error as error:
        window.console.append(error.message)
    _settle(window)
    return "\n".join(line for line in window.console if line != _MARK)


def _settle(window: BrowserWindow) -> None:
    """Wait until the page asks for nothing more and all that its frames have told has come."""
    from playwright.sync_api import Error  # noqa: PLC0415 - an extra

    with suppress(Error):  # one that never ends asking, as with a stream, has told enough
        window.page.wait_for_load_state("networkidle", timeout=_QUIET_WITHIN)
    for frame in window.page.frames:
        with suppress(Error):  # a frame that shows no page tells nothing
            _hear(window, frame)


def _hear(window: BrowserWindow, frame: Frame) -> None:
    """Have it say a word: what it said before is told before."""
    with window.page.expect_console_message(lambda message: message.text == _MARK):
        frame.evaluate("(mark) => console.debug(mark)", _MARK)
