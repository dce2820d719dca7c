"""A real browser on the page, whose API is scripted by the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.integration.page.double import WITHIN, Double, Site, running_site

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("background-networking", "component-update", "sync", "gpu")
# Keeps what a screen reader would say, and what the page's policy refused.
RECORDER = """
window.spoken = [];
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event.violatedDirective));
new MutationObserver((records) => {
  for (const { target, addedNodes, type } of records) {
    const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
    const region = element?.closest("[aria-live], [role=status], [role=alert], [role=log]");
    if (!region || region.ariaLive === "off") continue;
    const texts = type === "characterData" ? [target.data] : [...addedNodes].map((node) => node.textContent);
    spoken.push(...texts.filter(Boolean));
  }
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


class Open(Protocol):
    """Opens the page in a browser profile of its own; options are those of a Playwright context."""

    def __call__(self, path: str = "/", **options: Any) -> Page: ...


def chromium() -> str:
    """Find the browser, or skip and say how to install one."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip("needs Chromium: apt-get install chromium (or its path in CHROMIUM)")
    return found


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def api(site: Site) -> Double:
    site.double.clear()
    return site.double


@pytest.fixture(scope="module")  # while it is open an event loop runs in this thread, which other tests need
def browser() -> Iterator[Browser]:
    path = chromium()
    arguments = ["--headless=new", "--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        expect.set_options(timeout=WITHIN * 1000)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, site: Site, api: Double) -> Iterator[Open]:
    errors: list[str] = []
    with ExitStack() as stack:

        def open_page(path: str = "/", **options: Any) -> Page:
            context = browser.new_context(**{"base_url": site.url, "reduced_motion": "reduce", **options})
            stack.callback(context.close)
            context.set_default_timeout(WITHIN * 1000)
            context.add_init_script(RECORDER)
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            stack.callback(lambda: errors.extend(page.evaluate("refused")))
            page.goto(path)
            return page

        yield open_page
    assert errors == []


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page()
