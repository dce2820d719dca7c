"""Everything without a mouse."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.integration.page.double import WITHIN, Double
from tests.integration.page.script import session, stream, token
from tests.integration.page.visitor import QUESTION, ask, button, field, log, says, script_answer, talk

FOCUSED = """() => {
  const { activeElement: focused } = document;
  const { outlineStyle, outlineWidth } = getComputedStyle(focused);
  const name = focused.ariaLabel || focused.textContent || focused.id;
  return [name.trim().replace(/\\s+/g, " "), outlineStyle !== "none" && parseFloat(outlineWidth) >= 2];
}"""


def walk(page: Page, steps: int) -> list[str]:
    """Press Tab so many times; return what was focused, each with a ring to be seen."""
    names = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        name, ringed = page.evaluate(FOCUSED)
        assert ringed, name
        names.append(name)
    return names


def test_a_conversation_needs_no_mouse(page: Page, api: Double) -> None:
    script_answer(api)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to your question")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(field(page)).to_be_focused()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(log(page).locator("em")).to_be_visible()
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("")


def test_the_focus_goes_from_top_to_bottom_and_is_seen(page: Page, api: Double) -> None:
    script_answer(api, "<p>Said [1].</p><pre>code</pre>")
    ask(page)
    says(page, "Said [1].")
    page.reload()
    examples = page.locator(".example").all_inner_texts()
    tools = ["Skip to your question", "Earlier conversations"]
    assert walk(page, 9) == [*tools, *examples, "Ask about a passage", "question", "Ask"]
    script_answer(api, "<p>Said [1].</p><pre>code</pre>")
    ask(page)
    says(page, "Said [1].")
    page.get_by_role("link", name="Skip to your question").focus()
    assert walk(page, 9) == [
        *("New conversation", "Earlier conversations", "Source [1]", "Code"),
        *("The zero moment point Dynamics and Balance (opens in a new tab)",),
        *("Walking as controlled falling Locomotion (opens in a new tab)",),
        *("Ask about a passage", "question", "Ask"),
    ]


def test_what_has_the_focus_is_not_below_the_bar(page: Page, api: Double) -> None:
    talk(page, api)
    bar = page.get_by_role("navigation").bounding_box()
    assert bar
    focused = page.locator(":focus")
    for _ in range(3 * 4):  # two markers and two sources of each answer, from the last one up
        page.keyboard.press("Shift+Tab")
        box = focused.bounding_box()
        assert box
        assert box["y"] >= bar["height"], focused.inner_text()


def test_the_focus_returns_to_the_question_from_an_example_and_from_a_retry(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream())
    page.locator(".example").first.press("Enter")
    expect(button(page, "Try again")).to_be_visible()
    expect(field(page)).to_be_focused()
    script_answer(api)
    button(page, "Try again").press("Enter")
    expect(log(page).locator("em")).to_be_visible()
    expect(field(page)).to_be_focused()


def test_the_focus_is_not_taken_from_who_reads_on(page: Page, api: Double) -> None:
    gate = api.gate()
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    api.on("POST /api/chat", stream(token("It keeps"), gate))
    ask(page)
    says(page, "It keeps")
    link = log(page).get_by_role("link").first
    link.focus()
    gate.open()
    expect(button(page, "Try again")).to_be_visible()
    expect(link).to_be_focused()


def test_the_send_button_becomes_the_stop_button_and_back_under_the_focus(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(token("It keeps"), api.gate()))
    field(page).fill(QUESTION)
    button(page, "Ask").press("Enter")
    expect(button(page, "Stop")).to_be_focused()
    button(page, "Stop").press("Enter")
    says(page, "Stopped")
    expect(field(page)).to_be_focused()


def test_escape_stops(page: Page, api: Double) -> None:
    reply = stream(token("It keeps"), api.gate())
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", reply)
    ask(page)
    says(page, "It keeps")
    field(page).press("Escape")
    says(page, "Stopped")
    assert reply.left.wait(WITHIN)


def test_an_enter_that_ends_a_composition_does_not_send(page: Page, api: Double) -> None:
    field(page).fill("ロボット")
    field(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    field(page).dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
    expect(field(page)).to_have_value("ロボット")
    assert api.asked == []


def test_the_dialog_keeps_the_focus_and_gives_it_back(page: Page) -> None:
    button(page, "Earlier conversations").press("Enter")
    expect(button(page, "Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button(page, "Earlier conversations")).to_be_focused()
