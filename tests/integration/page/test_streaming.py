"""An answer as it comes in."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.integration.page.double import WITHIN, Double
from tests.integration.page.script import (
    BALANCE,
    CONVERSATION,
    WALKING,
    citations,
    done,
    event,
    session,
    stream,
    token,
)
from tests.integration.page.visitor import (
    ANSWER,
    SPOKEN,
    ask,
    button,
    field,
    log,
    says,
    says_no_more,
    script_answer,
)


def test_the_words_are_shown_before_the_answer_ends(page: Page, api: Double) -> None:
    gate = api.gate()
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(token("It keeps "), token("the *zero*"), gate, done(ANSWER, BALANCE)))
    ask(page)
    says(page, "It keeps the *zero*")
    gate.open()
    expect(log(page).locator("em")).to_have_text("zero moment point")
    says_no_more(page, "*")


def test_nothing_fails_in_a_good_conversation(page: Page, api: Double) -> None:
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(f"{request.url}: {request.failure}"))
    page.on("console", lambda message: failed.append(message.text))
    script_answer(api, times=2)
    for _ in range(2):
        with page.expect_event("requestfinished", lambda request: request.url.endswith("/api/chat")):
            ask(page)
    assert failed == []


def test_the_passages_found_are_shown_before_the_first_word(page: Page, api: Double) -> None:
    gate = api.gate()
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(citations(BALANCE, WALKING), gate, done(ANSWER, WALKING)))
    ask(page)
    expect(log(page).get_by_role("heading", name="Found in the book")).to_be_visible()
    expect(log(page).get_by_role("link")).to_have_count(2)
    gate.open()
    expect(log(page).get_by_role("heading", name="Sources")).to_be_visible()
    expect(log(page).locator(".sources").get_by_role("link")).to_have_count(1)


def test_the_sources_are_links_that_open_apart(page: Page, api: Double) -> None:
    script_answer(api)
    ask(page)
    link = log(page).get_by_role("link", name=BALANCE["heading"])
    expect(link).to_have_attribute("href", BALANCE["url"])
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_contain_text(BALANCE["chapter"])
    says(page, BALANCE["quote"])


def test_a_marker_leads_to_its_source(page: Page, api: Double) -> None:
    script_answer(api)
    ask(page)
    log(page).get_by_role("link", name="Source [3]").click()
    expect(log(page).locator("li:target")).to_contain_text(WALKING["heading"])


def test_markers_of_two_answers_lead_to_their_own_sources(page: Page, api: Double) -> None:
    script_answer(api, times=2)
    for count in (1, 2):
        ask(page)
        expect(log(page).get_by_role("link", name="Source [3]")).to_have_count(count)
    log(page).get_by_role("link", name="Source [3]").last.click()
    expect(log(page).locator("article").last.locator("li:target")).to_be_visible()


def test_a_marker_without_source_or_in_code_stays_text(page: Page, api: Double) -> None:
    script_answer(api, "<p>Said [9], <code>joints[1]</code>.</p>")
    ask(page)
    says(page, "Said [9], joints[1].")
    expect(log(page).locator(".marker")).to_have_count(0)


def test_a_finished_answer_is_announced_once_and_its_parts_never(page: Page, api: Double) -> None:
    gate = api.gate()
    api.on("POST /api/sessions", session())
    steps = token("It keeps "), token("the zero moment "), gate, done(ANSWER, BALANCE, WALKING)
    api.on("POST /api/chat", stream(*steps))
    ask(page)
    says(page, "It keeps the zero moment")
    assert page.evaluate("spoken") == []
    gate.open()
    expect(log(page).locator("em")).to_be_visible()
    (spoken,) = page.evaluate("spoken")
    assert spoken.startswith(SPOKEN)
    assert spoken.endswith("2 sources.")


def test_a_notice_is_shown_and_spoken_once(page: Page, api: Double) -> None:
    notice = {"service": "postgres", "detail": "This conversation is not kept: postgres is away."}
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(event("notice", notice), done(ANSWER, BALANCE, notices=[notice])))
    ask(page)
    expect(log(page).get_by_text(notice["detail"])).to_have_count(1)
    expect(log(page).locator("em")).to_be_visible()
    assert "".join(page.evaluate("spoken")).count(notice["detail"]) == 1


def test_stopping_ends_the_request_and_keeps_what_was_said(page: Page, api: Double) -> None:
    reply = stream(token("It keeps "), api.gate())
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", reply)
    ask(page)
    says(page, "It keeps")
    button(page, "Stop").click()
    says(page, "Stopped")
    says(page, "It keeps")
    assert reply.left.wait(WITHIN)
    expect(button(page, "Ask")).to_be_visible()
    expect(field(page)).to_be_focused()


def test_a_stopped_question_can_be_asked_again(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(token("It keeps "), api.gate()))
    ask(page)
    says(page, "It keeps")
    button(page, "Stop").click()
    script_answer(api)
    button(page, "Try again").click()
    expect(log(page).locator("em")).to_be_visible()
    says_no_more(page, "Stopped")
    expect(log(page).locator("article")).to_have_count(1)


def test_a_question_goes_on_with_the_conversation_until_a_new_one_is_begun(page: Page, api: Double) -> None:
    script_answer(api, times=3)
    for count in (1, 2):
        ask(page)
        expect(log(page).locator("em")).to_have_count(count)
    button(page, "New conversation").click()
    expect(log(page).locator("article")).to_have_count(0)
    ask(page)
    expect(log(page).locator("em")).to_have_count(1)
    ids = [asked.json["conversation_id"] for asked in api.to("POST /api/chat")]
    assert ids == [None, CONVERSATION, None]


def test_a_new_conversation_leaves_the_answer_that_was_on_its_way(page: Page, api: Double) -> None:
    reply = stream(token("It keeps "), api.gate())
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", reply)
    ask(page)
    says(page, "It keeps")
    button(page, "New conversation").click()
    assert reply.left.wait(WITHIN)
    expect(log(page)).to_be_empty()
    expect(field(page)).to_be_focused()
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    assert page.evaluate("spoken").count("New conversation.") == 1
    assert "Stopped." not in page.evaluate("spoken")
