"""Chromium for the tests: what is skipped where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

from spacedock.browser import launching
from spacedock.errors import UsageError

T = TypeVar("T")


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Start the browser, whose windows are private ones; to be closed by the caller."""
    return _or_skip(lambda: launching.launch(playwright, *arguments))


def launch_profile(playwright: Playwright, folder: Path, *arguments: str) -> BrowserContext:
    """Start the browser with a profile in `folder` that is not private."""
    return _or_skip(lambda: launching.launch_profile(playwright, folder, *arguments))


def _or_skip(start: Callable[[], T]) -> T:
    try:
        return start()
    except UsageError as error:
        pytest.skip(f"{error.what}: {error.remedy}")
