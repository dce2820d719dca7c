"""A real browser on the page, whose API is scripted by the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.integration.chromium import launch
from tests.integration.page.double import WITHIN, Double, Site, running_site

RECORDER = Path(__file__).with_name("recorder.js")


class Open(Protocol):
    """Opens the page in a profile of its own; options are those of a Playwright context."""

    def __call__(self, path: str = "/", **options: Any) -> Page: ...


@dataclass
class Window:
    """A page, and what went wrong within it."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Fail for what the page's scripts threw and what its policy refused."""
        assert self.errors + self.page.evaluate("refused") == []


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def api(site: Site) -> Double:
    site.double.clear()
    return site.double


# Of the package, since while it is open an event loop runs in this thread, where other tests want their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launch(playwright) as browser:
        expect.set_options(timeout=WITHIN * 1000)
        yield browser


def opened(browser: Browser, site: Site, **options: Any) -> Window:
    """Open a window that shows nothing yet."""
    context = browser.new_context(**{"base_url": site.url, "reduced_motion": "reduce", **options})
    context.set_default_timeout(WITHIN * 1000)
    context.add_init_script(path=RECORDER)
    window = Window(context.new_page())
    window.page.on("pageerror", lambda error: window.errors.append(str(error)))
    return window


@pytest.fixture(scope="package")
def shared(browser: Browser, site: Site) -> Iterator[Window]:
    window = opened(browser, site)
    yield window
    window.page.context.close()


@pytest.fixture
def page(shared: Window, api: Double) -> Iterator[Page]:
    """Open the page as somebody new, in a window that the tests share since opening one takes its time."""
    shared.page.goto("/")
    yield shared.page
    shared.check()
    shared.page.evaluate("localStorage.clear()")


@pytest.fixture
def open_page(browser: Browser, site: Site, api: Double) -> Iterator[Open]:
    """Open windows of their own, for what a test changes about them."""
    with ExitStack() as stack:

        def open_page(path: str = "/", **options: Any) -> Page:
            window = opened(browser, site, **options)
            stack.callback(window.page.context.close)
            window.page.goto(path)
            stack.callback(window.check)
            return window.page

        yield open_page
