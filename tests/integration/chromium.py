"""The system's Chromium, driven by Playwright: no test tool downloads a browser."""

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

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = ("background-networking", "component-update", "sync", "gpu")
_ARGUMENTS = ("--headless=new", "--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in _QUIET))
_STEADY = Path(__file__).with_name("steady.py")


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Start the browser, whose windows are private ones; skip the test where there is none.

    To be closed by the caller.
    """
    with _starter() as starter:
        return playwright.chromium.launch(executable_path=starter, args=[*_ARGUMENTS, *arguments])


def launch_profile(playwright: Playwright, folder: Path, *arguments: str) -> BrowserContext:
    """Start the browser with a profile in `folder` that is not private, otherwise as `launch` does.

    It takes cookies of third parties, as Chrome does; Debian's Chromium comes with that turned off.
    """
    preferences = folder / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True)
    preferences.write_text(json.dumps({"profile": {"cookie_controls_mode": 0}}))
    with _starter() as starter:
        return playwright.chromium.launch_persistent_context(
            folder, executable_path=starter, args=[*_ARGUMENTS, *arguments]
        )


@contextmanager
def _starter() -> Iterator[Path]:
    """A program that starts the browser where the network is steady; Playwright takes no more than a path."""
    command = shlex.join([sys.executable, "-I", str(_STEADY), _path()])
    with tempfile.TemporaryDirectory() as folder:
        starter = Path(folder) / "chromium"
        starter.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        starter.chmod(0o755)
        yield starter


def _path() -> str:
    """Find the browser, or skip and say how to install one."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found:
        pytest.skip("needs Chromium: apt-get install chromium (or its path in CHROMIUM)")
    return found
