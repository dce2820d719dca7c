"""Every state of the page under axe, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.double import Double
from tests.integration.page.script import BALANCE, WALKING, done, said, session, stream, token
from tests.integration.page.site import ELSEWHERE
from tests.integration.page.visitor import ask, button, log, says, script_answer, script_refusal

RICH = (
    "<h1>Balance</h1><p>It keeps the <em>zero moment point</em> [1] as in <code>zmp()</code>.</p>"
    "<h4>In code</h4><pre><code>" + "ros2 run " * 40 + "</code></pre><blockquote>Said</blockquote>"
    "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>"
    '<p><a href="https://x.example/">elsewhere</a></p>'
)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
RUN = """async () => {
  const { violations } = await axe.run({ resultTypes: ["violations"] });
  return violations.map(({ id, help, nodes }) => [id, help, nodes.map(({ html }) => html)]);
}"""


def empty(page: Page, api: Double) -> None:
    page.get_by_text("Ask about a passage").click()


def elsewhere(page: Page, api: Double) -> None:
    page.goto(ELSEWHERE)
    expect(page.locator(".provider")).to_be_visible()


def streaming(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(token("It keeps"), api.gate()))
    ask(page)
    says(page, "It keeps")


def waiting(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(api.gate()))
    ask(page)
    says(page, "Reading the book")


def answered(page: Page, api: Double) -> None:
    notice = {"service": "postgres", "detail": "This conversation is not kept."}
    api.on("POST /api/sessions", session())
    for count in (1, 2):
        api.on("POST /api/chat", stream(done(RICH, BALANCE, WALKING, notices=[notice])))
        ask(page)
        expect(log(page).locator("em")).to_have_count(count)


def refused(page: Page, api: Double) -> None:
    script_refusal(api, 429, retry_after=50)
    ask(page)
    expect(button(page, "Try again")).to_be_disabled()


def dialog(page: Page, api: Double) -> None:
    entries = [
        {
            "id": name,
            "title": name,
            "created_at": "2026-11-20T10:00:00Z",
            "updated_at": "2026-11-20T10:00:00Z",
        }
        for name in ("one", "two")
    ]
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    api.on("GET /api/conversations", said({"conversations": entries, "next": "more"}))
    button(page, "Earlier conversations").click()
    button(page, "Delete: two").click()


@pytest.fixture
def both_schemes(page: Page) -> Iterator[Callable[[], list[Any]]]:
    """Run axe in light and in dark, and return what it found."""

    def run() -> list[Any]:
        page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text())
        found = []
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found += page.evaluate(RUN)
        return found

    yield run
    page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("reach", [empty, elsewhere, waiting, streaming, answered, refused, dialog])
def test_axe_finds_nothing(
    page: Page,
    api: Double,
    both_schemes: Callable[[], list[Any]],
    reach: Callable[[Page, Double], None],
) -> None:
    reach(page, api)
    assert both_schemes() == []


def test_axe_would_find_something(page: Page, both_schemes: Callable[[], list[Any]]) -> None:
    page.evaluate("document.querySelector('label[for=question]').remove()")
    assert [name for name, *_ in both_schemes()].count("label") == len(SCHEMES)
