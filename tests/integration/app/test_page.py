"""The chat page with the backend behind it, in a real browser; its own tests script the backend."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from spacedock.docks.instance import FullInstance
from tests.integration.chromium import launch
from tests.questions import EXAMPLES, QUESTIONS

WITHIN = 20_000  # milliseconds


@pytest.fixture(scope="module")
def page(instance: FullInstance) -> Iterator[Page]:
    with sync_playwright() as playwright, launch(playwright) as browser:
        page = browser.new_page()
        page.set_default_timeout(WITHIN)
        page.goto(instance.url)
        yield page


def test_a_visitor_asks_and_is_answered_with_a_link_into_the_book(page: Page) -> None:
    question = QUESTIONS[0]
    page.get_by_label("Your question").fill(question.text)
    page.get_by_label("Your question").press("Enter")
    source = page.get_by_role("link", name=question.heading).first
    expect(source).to_be_visible(timeout=WITHIN)
    assert f"/{question.chapter}#" in (source.get_attribute("href") or "")
    expect(page.locator(".answer").last).to_contain_text(question.text)


def test_the_page_says_that_a_double_answers_and_every_example_finds_its_chapter(page: Page) -> None:
    expect(page.get_by_text("not from api.openai.com")).to_be_visible()
    examples = page.locator(".example")
    assert examples.count() == len(EXAMPLES)
    for index, example in enumerate(EXAMPLES):
        page.get_by_role("button", name="New conversation").click()
        with page.expect_event("requestfinished", lambda request: request.url.endswith("/api/chat")):
            examples.nth(index).click()
        expect(page.locator(f'.sources a[href*="/{example.chapter}#"]').first).to_be_visible()


def test_the_conversation_is_kept_and_can_be_opened_again(page: Page) -> None:
    page.get_by_role("button", name="New conversation").click()
    page.get_by_role("button", name="Earlier conversations").click()
    page.get_by_role("dialog").get_by_role("button", name=QUESTIONS[0].text[:20]).first.click()
    expect(page.locator(".turn .question").first).to_contain_text(QUESTIONS[0].text, timeout=WITHIN)
    expect(page.locator(".answer").first).to_be_visible(timeout=WITHIN)
