"""Who is asking: a bearer token, never a cookie, and nobody where that is not to be had."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Open
from tests.integration.page.double import Double, Reply, Site
from tests.integration.page.script import CONVERSATION, TOKEN, problem, session
from tests.integration.page.site import FRAME
from tests.integration.page.visitor import ask, button, field, log, says, script_answer

REFUSED = problem(401, "Unknown token", "Begin a new session.").body
STORED = "localStorage.getItem('textbook-session')"


def unknown() -> Reply:
    return Reply(401, REFUSED, {"content-type": "application/problem+json"})


def test_a_session_is_begun_with_the_first_question_and_only_then(page: Page, api: Double) -> None:
    field(page).fill("Nothing yet")
    assert api.asked == []
    script_answer(api, times=2)
    for count in (1, 2):
        ask(page)
        expect(log(page).locator("em")).to_have_count(count)
    assert [asked.path for asked in api.asked] == ["/api/sessions", "/api/chat", "/api/chat"]


def test_the_token_is_a_bearer_and_never_a_cookie(page: Page, api: Double) -> None:
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    assert [asked.token for asked in api.asked] == [None, f"Bearer {TOKEN}"]
    assert [asked for asked in api.asked if "cookie" in asked.headers] == []
    assert page.context.cookies() == []
    assert page.evaluate("document.cookie") == ""


def test_the_session_outlives_the_page(page: Page, api: Double) -> None:
    script_answer(api, times=2)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    page.reload()
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    assert len(api.to("POST /api/sessions")) == 1
    assert api.asked[-1].token == f"Bearer {TOKEN}"


def test_without_a_session_one_may_ask_and_is_told_that_nothing_is_kept(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", problem(503, "Away", "Postgres refuses connections.", service="postgres"))
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    says(page, "This conversation is not kept: Postgres refuses connections.")
    assert api.wait_for("POST /api/chat").token is None


def test_a_session_is_not_asked_for_again_before_the_server_wants_it(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", problem(503, "Away", "It is away.", service="postgres", retry_after=600))
    script_answer(api, times=2)
    for count in (1, 2):
        ask(page)
        expect(log(page).locator("em")).to_have_count(count)
    assert len(api.to("POST /api/sessions")) == 1


def test_an_unknown_token_is_renewed_and_the_question_repeated_once(page: Page, api: Double) -> None:
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    api.on("POST /api/sessions", session("second-token"))
    api.on("POST /api/chat", unknown())
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_have_count(2)
    asked = [(request.token, request.json["conversation_id"]) for request in api.to("POST /api/chat")]
    assert asked == [
        (f"Bearer {TOKEN}", None),
        (f"Bearer {TOKEN}", CONVERSATION),
        ("Bearer second-token", None),
    ]
    assert page.evaluate(STORED) == "second-token"


def test_a_question_asked_again_after_a_renewal_is_not_of_the_old_conversation(
    page: Page, api: Double
) -> None:
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_be_visible()
    away = problem(503, "Away", "Postgres is away.", service="postgres")
    api.on("POST /api/sessions", away, away)
    api.on("POST /api/chat", unknown(), problem(503, "Away", "Qdrant is away.", retry_after=0))
    script_answer(api)
    ask(page)
    expect(log(page).locator("em")).to_have_count(2)
    last = api.to("POST /api/chat")[-1]
    assert (last.token, last.json["conversation_id"]) == (None, None)


def test_a_token_that_is_refused_twice_is_not_renewed_for_ever(page: Page, api: Double) -> None:
    api.on("POST /api/sessions", session(), session("second-token"))
    api.on("POST /api/chat", unknown(), unknown())
    ask(page)
    says(page, "Unknown token")
    assert len(api.to("POST /api/chat")) == 2


@pytest.mark.parametrize("sandbox", ["", "allow-scripts allow-forms"], ids=["framed", "sandboxed"])
def test_framed_by_another_site_it_answers_though_it_may_not_store(
    open_page: Open, api: Double, site: Site, sandbox: str
) -> None:
    script_answer(api, times=2)
    page = open_page(f"{site.other}{FRAME}?of={site.url}/&sandbox={sandbox}")
    frame = page.frame_locator("iframe")
    for count in (1, 2):
        ask(frame)
        expect(log(frame).locator("em")).to_have_count(count)
    assert len(api.to("POST /api/sessions")) == 1
    assert api.asked[-1].token == f"Bearer {TOKEN}"
    assert page.context.cookies() == []
    if sandbox:  # what else is blocked is up to the browser; a sandbox is certain
        refused = page.frames[1].evaluate(
            f"() => {{ try {{ {STORED} }} catch (error) {{ return error.name }} }}"
        )
        assert refused == "SecurityError"
    button(frame, "Earlier conversations").click()
    expect(frame.get_by_role("dialog")).to_be_visible()
