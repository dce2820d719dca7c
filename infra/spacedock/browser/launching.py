"""Chromium, driven by Playwright: the system's own, or the one that Playwright has been told to install."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spacedock.errors import UsageError

if TYPE_CHECKING:  # an extra, which few installations have
    from playwright.sync_api import Browser, BrowserContext, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = ("background-networking", "component-update", "sync", "gpu")
_ARGUMENTS = ("--headless=new", "--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in _QUIET))
_NETLINK_FILTER = Path(__file__).with_name("netlink_filter.py")
_PLAYWRIGHT = 'pip install "hf-spacedock[browser]"'
_CHROMIUM = "playwright install chromium, or your distribution's chromium (or its path in CHROMIUM)"

_LIBRARIES = "playwright install-deps chromium (or see below what it lacks)"


@contextmanager
def driving() -> Iterator[Playwright]:
    """Start what drives browsers. Raises UsageError where Playwright is not installed."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError("a browser is needed, and Playwright is not installed", remedy=_PLAYWRIGHT) from None
    with sync_playwright() as playwright:
        yield playwright


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Start the browser, whose windows are private ones; to be closed by the caller.

    Raises UsageError where there is none that starts.
    """
    with _starter(browser_path(playwright)) as starter, _explained():
        return playwright.chromium.launch(executable_path=starter, args=[*_ARGUMENTS, *arguments])


def launch_profile(playwright: Playwright, folder: Path, *arguments: str) -> BrowserContext:
    """Start the browser with a profile in `folder` that is not private, otherwise as `launch` does.

    It takes cookies of third parties, as Chrome does; Debian's Chromium comes with that turned off.
    """
    preferences = folder / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True)
    preferences.write_text(json.dumps({"profile": {"cookie_controls_mode": 0}}))
    with _starter(browser_path(playwright)) as starter, _explained():
        return playwright.chromium.launch_persistent_context(
            folder, executable_path=starter, args=[*_ARGUMENTS, *arguments]
        )


def browser_path(playwright: Playwright) -> str:
    """Return where the browser is: named by CHROMIUM, on PATH, or Playwright's. Raises UsageError."""
    if found := os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None):
        return found
    if Path(own := playwright.chromium.executable_path).is_file():
        return own
    raise UsageError("a browser is needed, and there is no Chromium", remedy=_CHROMIUM)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what Playwright says of a browser that does not start into words for the user."""
    from playwright.sync_api import Error  # noqa: PLC0415 - an extra

    try:
        yield
    except Error as error:
        raise UsageError("Chromium does not start", remedy=_LIBRARIES, log=error.message) from None


@contextmanager
def _starter(browser: str) -> Iterator[str]:
    """A program that starts it where the network is steady; Playwright takes no more than a path."""
    if sys.platform != "linux":  # elsewhere `netlink_filter.py` could do nothing
        yield browser
        return
    command = shlex.join([sys.executable, "-I", str(_NETLINK_FILTER), browser])
    with tempfile.TemporaryDirectory() as folder:
        starter = Path(folder) / "chromium"
        starter.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        starter.chmod(0o755)
        yield str(starter)
