"""What the visitor sees when something is away, and the way on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Open
from tests.integration.page.double import Cut, Double, Reply, Step
from tests.integration.page.script import CONVERSATION, answer, event, problem, session, stream, token
from tests.integration.page.visitor import (
    ask,
    button,
    field,
    log,
    says,
    says_no_more,
    script_answer,
    script_refusal,
)

WAKING = "It may be waking up"


def test_a_service_that_is_away_is_named_and_asked_again_by_itself(page: Page, api: Double) -> None:
    script_refusal(api, 503, retry_after=1)
    script_answer(api)
    ask(page)
    says(page, "The book cannot be searched")
    says(page, "It gave no answer.")
    says(page, "Service: qdrant")
    expect(log(page).locator("em")).to_be_visible()
    says_no_more(page, "The book cannot be searched")


def test_the_wait_before_the_next_attempt_is_what_the_server_asked_for(open_page: Open, api: Double) -> None:
    page = open_page()
    page.clock.install()
    script_refusal(api, 503, retry_after=20)
    script_answer(api)
    ask(page)
    says(page, "Trying again in 20 seconds.")
    page.clock.run_for(19_000)
    says(page, "Trying again in 1 second.")
    assert len(api.to("POST /api/chat")) == 1
    page.clock.run_for(1_000)
    expect(log(page).locator("em")).to_be_visible()


def test_the_countdown_is_announced_at_its_start_and_not_each_second(open_page: Open, api: Double) -> None:
    page = open_page()
    page.clock.install()
    script_refusal(api, 503, retry_after=20)
    ask(page)
    says(page, "Trying again in 20 seconds.")
    page.clock.run_for(10_000)
    says(page, "Trying again in 10 seconds.")
    assert page.evaluate("spoken") == [
        "The book cannot be searched. It gave no answer. Trying again in 20 seconds."
    ]


def test_who_does_not_want_to_wait_need_not(page: Page, api: Double) -> None:
    script_refusal(api, 503, retry_after=50)
    script_answer(api)
    ask(page)
    button(page, "Try now").click()
    expect(log(page).locator("em")).to_be_visible()


def test_waiting_can_be_stopped(page: Page, api: Double) -> None:
    script_refusal(api, 503, retry_after=50)
    ask(page)
    expect(button(page, "Try now")).to_be_visible()
    button(page, "Stop").click()
    says(page, "Stopped")
    says_no_more(page, "Trying again")
    expect(button(page, "Ask")).to_be_visible()
    assert "Trying again." not in page.evaluate("spoken")
    assert len(api.to("POST /api/chat")) == 1


@pytest.mark.parametrize(
    ("asked_for", "pauses"), [(None, (2, 4, 8, 16, 32)), (5, (5, 5, 5, 5, 5))], ids=["unsaid", "said"]
)
def test_a_space_that_stays_away_is_not_asked_for_ever(
    open_page: Open, api: Double, asked_for: int | None, pauses: tuple[int, ...]
) -> None:
    page = open_page()
    page.clock.install()
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", *[problem(503, "Away", "Away.", retry_after=asked_for) for _ in range(6)])
    ask(page)
    for attempt, seconds in enumerate(pauses, start=1):
        api.wait_for("POST /api/chat", attempt)
        says(page, f"Trying again in {seconds} seconds.")
        page.clock.run_for(seconds * 1000)
    expect(button(page, "Try again")).to_be_enabled()
    assert len(api.to("POST /api/chat")) == 6


def test_too_many_questions_can_be_asked_again_when_the_time_has_come(open_page: Open, api: Double) -> None:
    page = open_page()
    page.clock.install()
    script_refusal(api, 429, retry_after=90)
    script_answer(api)
    ask(page)
    says(page, "You can try again in 90 seconds.")
    expect(button(page, "Try again")).to_be_disabled()
    page.clock.run_for(90_000)
    expect(button(page, "Try again")).to_be_enabled()
    assert page.evaluate("spoken.at(-1)") == "You can try again now."
    assert len(api.to("POST /api/chat")) == 1
    button(page, "Try again").click()
    expect(log(page).locator("em")).to_be_visible()


def test_who_would_have_to_wait_for_long_is_told_instead(open_page: Open, api: Double) -> None:
    page = open_page()
    page.clock.install()
    script_refusal(api, 503, retry_after=600)
    ask(page)
    says(page, "You can try again in 10 minutes.")
    expect(button(page, "Ask")).to_be_visible()


def test_a_date_in_retry_after_is_understood(open_page: Open, api: Double) -> None:
    page = open_page()
    page.clock.install(time="2026-11-20T10:00:00Z")
    api.on("POST /api/sessions", session())
    refusal = problem(429, "Too many questions", "Wait.", retry_after="Fri, 20 Nov 2026 10:00:40 GMT")
    api.on("POST /api/chat", refusal)
    ask(page)
    says(page, "You can try again in 40 seconds.")


@pytest.mark.parametrize("step", [Cut(), b""], ids=["cut", "ended"])
def test_a_stream_without_its_final_event_is_an_error(page: Page, api: Double, step: Step) -> None:
    gate = api.gate()
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(token("It keeps the"), gate, step))
    ask(page)
    says(page, "It keeps the")
    gate.open()
    says(page, "The answer was cut off")
    says(page, "It keeps the")
    script_answer(api)
    button(page, "Try again").click()
    expect(log(page).locator("em")).to_be_visible()
    says_no_more(page, "The answer was cut off")


def test_a_stream_that_is_no_json_is_an_error(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(b"event: token\ndata: {\n\n"))
    ask(page)
    says(page, "The answer was cut off")


def test_an_error_within_the_stream_is_told_in_its_words(page: Page, api: Double) -> None:
    said = {
        "title": "OpenAI is away",
        "status": 503,
        "detail": "It stopped in the middle.",
        "service": "openai",
    }
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(token("It keeps"), event("error", said)))
    ask(page)
    says(page, "OpenAI is away")
    says(page, "It stopped in the middle.")
    says(page, "Service: openai")
    expect(button(page, "Try again")).to_be_enabled()
    expect(field(page)).to_be_focused()


def test_an_error_without_words_gets_some(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", Reply(500, b"Internal Server Error"))
    ask(page)
    says(page, "The Space answered with status 500.")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(503, b"<html>Starting", {"content-type": "text/html"}),
        Reply(200, b"<html>Starting", {"content-type": "text/html"}),
    ],
    ids=["503", "200"],
)
def test_a_page_of_the_platform_means_that_the_space_wakes_up(page: Page, api: Double, reply: Reply) -> None:
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", reply)
    script_answer(api)
    ask(page)
    says(page, WAKING)
    button(page, "Try now").click()
    expect(log(page).locator("em")).to_be_visible()


def test_a_space_that_does_not_answer_may_be_waking_up(open_page: Open, api: Double) -> None:
    page = open_page()
    script_answer(api)
    page.route("**/api/chat", lambda route: route.abort("connectionrefused"), times=1)
    ask(page)
    says(page, WAKING)
    button(page, "Try now").click()
    expect(log(page).locator("em")).to_be_visible()


def test_a_question_asked_offline_is_sent_once_the_network_is_back(open_page: Open, api: Double) -> None:
    page = open_page()
    script_answer(api)
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline. What you ask")).to_be_visible()
    ask(page)
    says(page, "Waiting for the network.")
    page.context.set_offline(False)
    expect(log(page).locator("em")).to_be_visible()
    expect(page.get_by_text("You are offline. What you ask")).to_be_hidden()


def test_a_conversation_that_is_gone_is_begun_anew(page: Page, api: Double) -> None:
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    script_refusal(api, 404)
    script_answer(api)
    ask(page)
    button(page, "Try again").click()
    expect(log(page).locator("em")).to_have_count(2)
    ids = [asked.json["conversation_id"] for asked in api.to("POST /api/chat")]
    assert ids == [None, CONVERSATION, None]


def test_asking_something_else_takes_the_earlier_way_on_away(page: Page, api: Double) -> None:
    script_refusal(api)
    script_answer(api)
    ask(page)
    expect(button(page, "Try again")).to_be_visible()
    ask(page, "Something else?")
    expect(log(page).locator("em")).to_be_visible()
    expect(button(page, "Try again")).to_be_hidden()
    says(page, "The book cannot be searched")


def test_an_answer_without_html_is_shown_as_text(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", session())
    api.on("POST /api/chat", stream(event("done", answer("", text="Plain <b>text</b>"))))
    ask(page)
    says(page, "Plain <b>text</b>")
