"""The page on small windows, under fingers, and for those who want nothing to move."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Open
from tests.integration.page.double import Double
from tests.integration.page.script import session, stream
from tests.integration.page.site import ELSEWHERE
from tests.integration.page.visitor import (
    ask,
    button,
    field,
    log,
    says,
    script_answer,
    script_refusal,
    talk,
)

WIDE = (
    f"<p>{'unbreakable' * 20} [1]</p><pre>{'code ' * 60}</pre>"
    f"<table><tr>{'<td>cell-of-a-table</td>' * 12}</tr></table><h1>{'Heading' * 12}</h1>"
)
SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# WCAG 2.5.5: what stands within a line of text may be smaller.
TARGETS = """() => [...document.querySelectorAll("button, summary, textarea, .sources a")]
  .filter((element) => element.checkVisibility())
  .map((element) => [element.innerText || element.id, element.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < 44 || height < 44)
  .map(([name, { width, height }]) => [name, width, height])"""
MOVING = "document.getAnimations().length"


@pytest.fixture
def small(open_page: Open) -> Page:
    return open_page(**SMALL)


def fits(page: Page) -> None:
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(TARGETS) == []


def test_an_empty_page_fits_a_small_window(small: Page) -> None:
    fits(small)
    small.get_by_text("Ask about a passage").click()
    small.get_by_label("Passage from the book").fill("unbreakable" * 20)
    fits(small)


def test_an_answer_with_wide_parts_fits_a_small_window(small: Page, api: Double) -> None:
    script_answer(api, WIDE)
    ask(small, "unbreakable" * 20)
    expect(log(small).get_by_role("table")).to_be_visible()
    fits(small)


def test_an_error_fits_a_small_window(small: Page, api: Double) -> None:
    script_refusal(api, 503, retry_after=50)
    ask(small)
    expect(button(small, "Try now")).to_be_visible()
    fits(small)


def test_the_dialog_fits_a_small_window(small: Page, api: Double) -> None:
    script_answer(api)
    ask(small)
    expect(log(small).locator("em")).to_be_visible()
    button(small, "Earlier conversations").tap()
    button(small, "Forget me").tap()
    expect(button(small, "Keep them")).to_be_visible()
    fits(small)


def test_a_page_that_names_who_answers_fits_a_small_window(open_page: Open) -> None:
    page = open_page(ELSEWHERE, **SMALL)
    expect(page.locator(".provider")).to_be_visible()
    fits(page)


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_new_and_earlier_conversations_are_at_hand_wherever_one_reads(
    open_page: Open, api: Double, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 640})
    talk(page, api)
    for place in ("0", "document.body.scrollHeight / 2", "document.body.scrollHeight"):
        page.evaluate(f"scrollTo(0, {place})")
        for name in ("New conversation", "Earlier conversations"):
            expect(button(page, name)).to_be_in_viewport(ratio=1)
    fits(page)
    button(page, "Earlier conversations").click()
    page.keyboard.press("Escape")
    button(page, "New conversation").click()
    expect(field(page)).to_be_focused()


def test_a_question_that_is_answered_stands_below_the_bar(page: Page, api: Double) -> None:
    talk(page, api)
    bar, asked = (
        page.get_by_role("navigation").bounding_box(),
        log(page).locator("article").last.bounding_box(),
    )
    assert bar
    assert asked
    assert asked["y"] == pytest.approx(bar["y"] + bar["height"], abs=2)


def test_no_keyboard_is_brought_up_over_an_answer(small: Page, api: Double) -> None:
    script_answer(api)
    small.locator(".example").first.tap()
    expect(log(small).locator("em")).to_be_visible()
    assert small.evaluate("document.activeElement.localName") != "textarea"


@pytest.mark.parametrize(("motion", "moving"), [("reduce", 0), ("no-preference", 1)])
def test_nothing_moves_for_who_wants_it_so(open_page: Open, api: Double, motion: str, moving: int) -> None:
    page = open_page(reduced_motion=motion)
    gate = api.gate()
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(gate))
    ask(page)
    says(page, "Reading the book")
    assert page.evaluate(MOVING) == moving
    gate.open()


def test_the_page_asks_nobody_but_its_own_server(open_page: Open, api: Double) -> None:
    page = open_page("about:blank")
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2].split(":")[0]))
    page.goto("/")
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    assert hosts == {"127.0.0.1"}


def test_the_page_names_its_language_and_itself(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_title("Physical AI & Humanoid Robotics: ask the textbook")
    expect(page.get_by_role("heading", level=1)).to_have_text("Physical AI & Humanoid Robotics")
    assert page.request.get("/static/favicon.svg").ok
