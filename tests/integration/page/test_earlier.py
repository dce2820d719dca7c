"""Earlier conversations: listed, opened, deleted; and the visitor forgotten."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.integration.page.double import Double, Reply
from tests.integration.page.script import BALANCE, CONVERSATION, NOTHING, TOKEN, Json, problem, said, session
from tests.integration.page.visitor import ANSWER, QUESTION, ask, button, field, log, script_answer

OTHER = "0b7c2a52-31f4-4a7b-8a52-7a3d2a1d1a02"
WHEN = "2026-11-20T10:00:00Z"
LIST = "GET /api/conversations"


def entry(identity: str, title: str) -> Json:
    return {"id": identity, "title": title, "created_at": WHEN, "updated_at": WHEN}


def listed(*entries: Json, following: str | None = None) -> Reply:
    return said({"conversations": list(entries), "next": following})


def page_of(*questions: str, following: str | None = None) -> Reply:
    """A page of a conversation."""
    message = {"created_at": WHEN, "citations": []}
    messages = [
        {**message, "role": role, "content": question, "content_html": html}
        for question in questions
        for role, html in (("user", ""), ("assistant", f"<p>About {question}</p>"))
    ]
    return said({**entry(OTHER, "Twins"), "messages": messages, "next": following})


def transcript() -> Reply:
    message = {"created_at": WHEN, "citations": [], "content_html": ""}
    messages = [
        {**message, "role": "user", "content": "What is <b>a twin</b>?"},
        {**message, "role": "assistant", "content": "x", "content_html": ANSWER, "citations": [BALANCE]},
        {**message, "role": "user", "content": "Unanswered?"},
    ]
    return said({**entry(OTHER, "Twins"), "messages": messages})


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Earlier conversations")


def show(page: Page, api: Double, *replies: Reply) -> Locator:
    """Ask one question, so that there is a session, and open the dialog."""
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    api.on(LIST, *replies)
    button(page, "Earlier conversations").click()
    return dialog(page)


def test_without_a_session_nothing_is_kept_and_nobody_is_asked(page: Page, api: Double) -> None:
    button(page, "Earlier conversations").click()
    expect(dialog(page)).to_contain_text("Nothing is kept yet.")
    expect(button(page, "Forget me")).to_be_hidden()
    assert api.asked == []


def test_a_conversation_is_opened_and_gone_on_with(page: Page, api: Double) -> None:
    box = show(page, api, listed(entry(CONVERSATION, QUESTION), entry(OTHER, "Twins")))
    api.on(f"GET /api/conversations/{OTHER}", transcript())
    box.get_by_role("button", name="Twins Nov 20, 2026").click()
    expect(box).to_be_hidden()
    questions = log(page).get_by_role("heading", level=2)
    expect(questions).to_have_text(["You asked: What is <b>a twin</b>?", "You asked: Unanswered?"])
    expect(log(page).get_by_role("link", name="Source [1]")).to_be_visible()
    expect(field(page)).to_be_focused()
    script_answer(api)
    ask(page)
    assert api.wait_for("POST /api/chat", 2).json["conversation_id"] == OTHER
    assert {asked.token for asked in api.asked[1:]} == {f"Bearer {TOKEN}"}


def test_of_a_long_conversation_the_end_is_shown_first_and_the_rest_on_demand(
    page: Page, api: Double
) -> None:
    box = show(page, api, listed(entry(OTHER, "Twins")))
    where = f"GET /api/conversations/{OTHER}"
    api.on(where, page_of("three", "four", following="a b&c"), page_of("one", "two"))
    box.get_by_role("button", name="Twins Nov 20, 2026").click()
    questions, before = log(page).get_by_role("heading", level=2), button(page, "Show what was said before")
    expect(questions).to_have_text(["You asked: three", "You asked: four"])
    script_answer(api)
    ask(page)
    expect(questions).to_have_count(3)
    before.click()
    expect(questions).to_have_text([f"You asked: {q}" for q in ("one", "two", "three", "four", QUESTION)])
    expect(before).to_be_hidden()
    expect(field(page)).to_be_focused()
    assert api.to(where)[-1].query == "before=a+b%26c"
    sources = page.evaluate("[...document.querySelectorAll('.sources li')].map(({ id }) => id)")
    assert len(sources) == len(set(sources)) > 0


def test_what_was_said_before_can_be_asked_for_again(page: Page, api: Double) -> None:
    box = show(page, api, listed(entry(OTHER, "Twins")))
    refusal = problem(503, "Not now", "Postgres is away.")
    api.on(f"GET /api/conversations/{OTHER}", page_of("two", following="x"), refusal, page_of("one"))
    box.get_by_role("button", name="Twins Nov 20, 2026").click()
    before = button(page, "Show what was said before")
    before.click()
    expect(page.get_by_text("Not now")).to_be_attached()
    expect(before).to_be_focused()
    before.click()
    expect(log(page).get_by_role("heading", level=2)).to_have_text(["You asked: one", "You asked: two"])


def test_a_new_conversation_has_nothing_before_it(page: Page, api: Double) -> None:
    box = show(page, api, listed(entry(OTHER, "Twins")))
    api.on(f"GET /api/conversations/{OTHER}", page_of("two", following="x"))
    box.get_by_role("button", name="Twins Nov 20, 2026").click()
    expect(button(page, "Show what was said before")).to_be_visible()
    button(page, "New conversation").click()
    expect(button(page, "Show what was said before")).to_be_hidden()


def test_more_are_shown_on_demand(page: Page, api: Double) -> None:
    box = show(
        page, api, listed(entry(OTHER, "Twins"), following="a b&c"), listed(entry(CONVERSATION, "Last"))
    )
    button(page, "Show more").click()
    expect(box.get_by_role("listitem")).to_have_count(2)
    expect(box.get_by_role("button", name="Last Nov")).to_be_focused()
    expect(button(page, "Show more")).to_be_hidden()
    assert api.asked[-1].query == "before=a+b%26c"


def test_a_conversation_is_deleted_only_after_it_was_confirmed(page: Page, api: Double) -> None:
    box = show(page, api, listed(entry(OTHER, "Twins"), entry(CONVERSATION, "Mine")))
    api.on(f"DELETE /api/conversations/{OTHER}", NOTHING)
    button(page, "Delete: Twins").click()
    expect(button(page, "Keep it")).to_be_focused()
    button(page, "Keep it").click()
    expect(button(page, "Delete: Twins")).to_be_focused()
    assert api.asked[-1].method == "GET"
    button(page, "Delete: Twins").click()
    button(page, "Yes, delete it").click()
    expect(box.get_by_role("listitem")).to_have_count(1)
    expect(box.get_by_role("button", name="Mine Nov")).to_be_focused()
    expect(page.locator("#log em")).to_have_count(1)


def test_deleting_the_conversation_on_the_page_begins_a_new_one(page: Page, api: Double) -> None:
    box = show(page, api, listed(entry(CONVERSATION, "Mine")))
    api.on(f"DELETE /api/conversations/{CONVERSATION}", NOTHING)
    button(page, "Delete: Mine").click()
    button(page, "Yes, delete it").click()
    expect(box).to_contain_text("Nothing is kept yet.")
    expect(button(page, "Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(log(page)).to_be_empty()
    expect(page.locator("#welcome")).to_be_visible()


def test_what_cannot_be_deleted_stays_and_says_why(page: Page, api: Double) -> None:
    box = show(page, api, listed(entry(OTHER, "Twins")))
    api.on(f"DELETE /api/conversations/{OTHER}", problem(503, "Not now", "Postgres is away."))
    button(page, "Delete: Twins").click()
    button(page, "Yes, delete it").click()
    expect(box.get_by_role("status")).to_have_text("Not now. Postgres is away.")
    expect(box.get_by_role("listitem")).to_have_count(1)


def test_to_be_forgotten_deletes_the_session_and_the_token(page: Page, api: Double) -> None:
    show(page, api, listed(entry(OTHER, "Twins")))
    api.on("DELETE /api/sessions/current", NOTHING)
    button(page, "Forget me").click()
    button(page, "Yes, forget me").click()
    expect(dialog(page)).to_be_hidden()
    expect(log(page)).to_be_empty()
    assert api.asked[-1].token == f"Bearer {TOKEN}"
    assert page.evaluate("localStorage.length") == 0
    expect(page.get_by_text("Everything that was kept about you is deleted.")).to_be_attached()
    button(page, "Earlier conversations").click()
    expect(dialog(page)).to_contain_text("Nothing is kept yet.")


def test_a_session_that_is_gone_keeps_nothing(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", session(), session("second-token"))
    box = show(page, api, problem(401, "Unknown token", "Begin a new one."), listed())
    expect(box).to_contain_text("Nothing is kept yet.")
    assert [asked.token for asked in api.to(LIST)] == [f"Bearer {TOKEN}", "Bearer second-token"]


def test_who_is_unknown_already_is_forgotten_too(page: Page, api: Double) -> None:
    show(page, api, listed())
    api.on("DELETE /api/sessions/current", problem(401, "Unknown token", "Begin a new one."))
    button(page, "Forget me").click()
    button(page, "Yes, forget me").click()
    expect(dialog(page)).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


def test_who_could_not_be_forgotten_keeps_the_token(page: Page, api: Double) -> None:
    box = show(page, api, listed(entry(OTHER, "Twins")))
    api.on("DELETE /api/sessions/current", problem(503, "Not now", "Postgres is away."))
    button(page, "Forget me").click()
    button(page, "Yes, forget me").click()
    expect(box.get_by_role("status")).to_have_text("Not now. Postgres is away.")
    assert page.evaluate("localStorage.length") == 1
