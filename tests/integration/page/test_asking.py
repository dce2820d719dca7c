"""What is asked, and how it is put together."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.integration.page.double import Double
from tests.integration.page.script import session, stream
from tests.integration.page.visitor import QUESTION, ask, button, field, log, script_answer

SELECT = """(element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


def test_an_example_is_asked_at_once(page: Page, api: Double) -> None:
    script_answer(api)
    example = page.locator(".example").first
    question = example.inner_text()
    example.click()
    expect(log(page).get_by_role("heading", name=question)).to_be_visible()
    expect(page.locator("#welcome")).to_be_hidden()
    assert api.wait_for("POST /api/chat").json == {"question": question, "conversation_id": None}


def test_a_passage_is_sent_with_the_question_and_shown_beside_it(page: Page, api: Double) -> None:
    script_answer(api, times=2)
    page.get_by_text("Ask about a passage").click()
    page.get_by_label("Passage from the book").fill("  The foot is small.\nThe world is not.  ")
    ask(page, "Why?")
    assert api.wait_for("POST /api/chat").json["selected_text"] == "The foot is small.\nThe world is not."
    expect(log(page).locator("blockquote")).to_have_text("The foot is small. The world is not.")
    expect(page.get_by_label("Passage from the book")).to_be_hidden()
    expect(button(page, "Ask")).to_be_visible()
    ask(page)
    assert "selected_text" not in api.wait_for("POST /api/chat", 2).json


def test_what_is_selected_in_an_answer_can_be_asked_about(page: Page, api: Double) -> None:
    script_answer(api, times=2)
    ask(page)
    log(page).locator("em").evaluate(SELECT)
    button(page, "Ask about this").click()
    expect(page.get_by_label("Passage from the book")).to_have_value("zero moment point")
    expect(button(page, "Ask about this")).to_be_hidden()
    expect(field(page)).to_be_focused()
    ask(page, "What is that?")
    assert api.wait_for("POST /api/chat", 2).json["selected_text"] == "zero moment point"


def test_nothing_is_offered_for_a_selection_elsewhere(page: Page, api: Double) -> None:
    script_answer(api)
    ask(page)
    log(page).locator("em").evaluate(SELECT)
    expect(button(page, "Ask about this")).to_be_visible()
    page.get_by_role("heading", level=1).evaluate(SELECT)
    expect(button(page, "Ask about this")).to_be_hidden()


def test_a_passage_can_be_taken_away_again(page: Page, api: Double) -> None:
    script_answer(api)
    page.get_by_text("Ask about a passage").click()
    page.get_by_label("Passage from the book").fill("The foot is small.")
    button(page, "Remove the passage").click()
    expect(field(page)).to_be_focused()
    ask(page)
    assert "selected_text" not in api.wait_for("POST /api/chat").json


def test_an_empty_question_is_not_sent(page: Page, api: Double) -> None:
    field(page).fill("  \n ")
    button(page, "Ask").click()
    expect(field(page)).to_be_focused()
    expect(log(page).locator("article")).to_have_count(0)
    assert api.asked == []


def test_a_question_typed_while_an_answer_comes_stays_in_the_field(page: Page, api: Double) -> None:
    gate = api.gate()
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(gate))
    ask(page)
    api.wait_for("POST /api/chat")
    ask(page, "And then?")
    expect(field(page)).to_have_value("And then?")
    expect(log(page).locator("article")).to_have_count(1)
    gate.open()


def test_a_field_says_when_its_end_is_near(page: Page) -> None:
    field(page).fill("a" * 1799)
    expect(page.get_by_text("characters left")).to_be_hidden()
    field(page).fill("a" * 1990)
    expect(page.get_by_text("10 characters left")).to_be_visible()
    expect(field(page)).to_have_accessible_description(
        "Enter sends, Shift and Enter begin a new line. 10 characters left"
    )


def test_a_question_of_several_lines_arrives_as_it_was_written(page: Page, api: Double) -> None:
    script_answer(api)
    field(page).press_sequentially("One")
    field(page).press("Shift+Enter")
    field(page).press_sequentially("two")
    field(page).press("Enter")
    assert api.wait_for("POST /api/chat").json["question"] == "One\ntwo"


def test_the_words_of_a_question_are_text(page: Page, api: Double) -> None:
    script_answer(api)
    ask(page, "<b>Bold</b> & <script>x</script>?")
    expect(log(page).get_by_role("heading", level=2)).to_have_text(
        "You asked: <b>Bold</b> & <script>x</script>?"
    )


def test_the_form_is_below_the_question_that_was_asked(page: Page, api: Double) -> None:
    """A long answer is followed until its question reaches the top of the window."""
    script_answer(api, "<p>Long.</p>" * 80)
    ask(page)
    heading = log(page).get_by_role("heading", name=QUESTION)
    expect(log(page).get_by_text("Long.")).to_have_count(80)
    expect(heading).to_be_in_viewport()
    page.wait_for_function("scrollY > 0")
