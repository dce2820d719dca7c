"""What a visitor does on the page, and where they look."""

from __future__ import annotations

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.integration.page.double import Double
from tests.integration.page.script import BALANCE, WALKING, citations, done, problem, session, stream, token

QUESTION = "How does a humanoid keep its balance?"
ANSWER = (
    "<p>It keeps the <em>zero moment point</em> under its feet [1], while the next foot catches it [3].</p>"
)
SPOKEN = "It keeps the zero moment point under its feet"


def field(page: Page | FrameLocator) -> Locator:
    return page.get_by_label("Your question")


def log(page: Page | FrameLocator) -> Locator:
    return page.get_by_role("log")


def button(page: Page | FrameLocator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def ask(page: Page | FrameLocator, question: str = QUESTION) -> None:
    field(page).fill(question)
    field(page).press("Enter")


def script_answer(api: Double, html: str = ANSWER, *, times: int = 1) -> None:
    """The API gives a session and answers, from two passages."""
    api.on("POST /api/sessions", session())
    for _ in range(times):
        steps = citations(BALANCE, WALKING), token("It keeps"), done(html, BALANCE, WALKING)
        api.on("POST /api/chat", stream(*steps))


def talk(page: Page, api: Double, times: int = 3) -> None:
    """Have a conversation that is longer than the window."""
    script_answer(api, ANSWER + "<p>The next foot catches the fall.</p>" * 20, times=times)
    for count in range(1, times + 1):
        ask(page)
        expect(log(page).locator("em")).to_have_count(count)


def script_refusal(api: Double, status: int = 500, *, retry_after: int | None = None) -> None:
    """The API gives a session and refuses the question."""
    api.on("POST /api/sessions", session())
    refusal = problem(
        status, "The book cannot be searched", "It gave no answer.", service="qdrant", retry_after=retry_after
    )
    api.on("POST /api/chat", refusal)


def says(page: Page | FrameLocator, text: str) -> None:
    """Expect that the conversation shows this, whatever else is there unseen."""
    expect(log(page)).to_contain_text(text, use_inner_text=True)


def says_no_more(page: Page | FrameLocator, text: str) -> None:
    """Expect that the conversation shows this no more."""
    expect(log(page)).not_to_contain_text(text, use_inner_text=True)
