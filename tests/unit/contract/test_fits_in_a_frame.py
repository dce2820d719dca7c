from __future__ import annotations

from typing import Any

import httpx
import pytest

from spacedock.contract.finding import Outcome
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.edges import FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance

PROMISE = "fits-in-a-frame"
CSP = "content-security-policy"
XFO = "x-frame-options"


def judge(space: Space, hold: Hold, *headers: tuple[str, str], page: bool = True) -> tuple[Outcome, str]:
    kind = ("content-type", "text/html; charset=utf-8" if page else "application/json")
    edge = FakeEdge(lambda request: httpx.Response(200, headers=[kind, *headers], text="<p>hello"))
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=edge)))
    return finding.outcome, "\n".join(problem.seen for problem in finding.problems)


@pytest.mark.parametrize(
    "header",
    [
        ("server", "uvicorn"),
        (CSP, "default-src 'self'"),
        (CSP, "frame-ancestors 'self' https://huggingface.co https://*.hf.space"),
        (CSP, "frame-ancestors *"),
        (CSP, "frame-ancestors https:"),
        (XFO, "ALLOW-FROM https://huggingface.co"),  # browsers ignore it
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("set-cookie", "session=1; Secure; SameSite=None; HttpOnly"),
        ("set-cookie", "session=1; secure; samesite=none; Partitioned"),
        ("set-cookie", "old=; Max-Age=0"),  # deletes it
    ],
)
def test_a_page_that_may_be_framed_keeps_it(space: Space, hold: Hold, header: tuple[str, str]) -> None:
    assert judge(space, hold, header) == (Outcome.KEPT, "")


@pytest.mark.parametrize(
    "header",
    [
        (XFO, "DENY"),
        (XFO, "sameorigin"),
        (CSP, "default-src 'self'; frame-ancestors 'none'"),
        (CSP, "frame-ancestors 'self' https://*.huggingface.co"),  # a wildcard leaves the domain itself out
        (CSP, "frame-ancestors"),
    ],
)
def test_a_page_that_refuses_the_frame_breaks_it(space: Space, hold: Hold, header: tuple[str, str]) -> None:
    outcome, seen = judge(space, hold, header)
    assert outcome is Outcome.BROKEN
    assert "the page at / has `" in seen


def test_browsers_ignore_the_older_header_beside_a_policy(space: Space, hold: Hold) -> None:
    policy = (CSP, "frame-ancestors https://huggingface.co")
    assert judge(space, hold, (XFO, "DENY"), policy) == (Outcome.KEPT, "")


def test_of_two_policies_both_must_allow_the_frame(space: Space, hold: Hold) -> None:
    outcome, seen = judge(space, hold, (CSP, "frame-ancestors *"), (CSP, "frame-ancestors 'self'"))
    assert outcome is Outcome.BROKEN
    assert seen == "the page at / has `frame-ancestors 'self'`, without https://huggingface.co"


@pytest.mark.parametrize(
    "cookie",
    [
        "session=very-secret",
        "session=very-secret; Secure; SameSite=Lax",
        "session=very-secret; SameSite=None",
    ],
)
def test_a_cookie_that_frames_lose_breaks_it_and_is_not_shown(space: Space, hold: Hold, cookie: str) -> None:
    outcome, seen = judge(space, hold, ("set-cookie", cookie), ("set-cookie", "other=1; Secure"))
    assert outcome is Outcome.BROKEN
    assert seen == "the page at / sets session, other without `SameSite=None; Secure`"


def test_a_space_without_a_page_is_left_alone(space: Space, hold: Hold) -> None:
    assert judge(space, hold, (XFO, "DENY"), ("set-cookie", "a=1"), page=False) == (Outcome.KEPT, "")


def test_a_cookie_that_is_set_on_the_way_to_the_page_counts(space: Space, hold: Hold) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/":
            return httpx.Response(307, headers={"location": "/ui", "set-cookie": "session=1"})
        return httpx.Response(200, html="<p>hello")

    (problem,) = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=FakeEdge(answer)))).problems
    assert problem.seen == "the page at / sets session without `SameSite=None; Secure`"


@pytest.mark.parametrize("location", ["/", "https://elsewhere.example/"])
def test_a_root_that_leads_on_and_on_or_elsewhere_shows_no_page(
    space: Space, hold: Hold, location: str
) -> None:
    edge = FakeEdge(lambda _: httpx.Response(307, headers={"location": location, XFO: "DENY"}))
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=edge))).outcome is Outcome.KEPT


def test_a_root_that_hangs_up_shows_no_page(space: Space, hold: Hold) -> None:
    def resets(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    edge = FakeEdge(resets)
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=edge))).outcome is Outcome.KEPT


DESCRIPTION: dict[str, Any] = {"paths": {"/login": {"get": {}}, "/again": {"get": {}}}}


def cookies(space: Space, hold: Hold, path: str, cookie: str, *, page: bool = True) -> list[str]:
    """Hold a Space to it that sets a cookie at one of the paths that it describes."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/openapi.json":
            return httpx.Response(200, json=DESCRIPTION)
        headers = {"set-cookie": cookie} if request.url.path in {path, "/again"} else {}
        return httpx.Response(200, html="<p>hello" if page else "", headers=headers)

    def plain(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={}) if request.url.path == "/" else answer(request)

    edge = FakeEdge(answer if page else plain)
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(in_front=edge)))
    return [problem.seen for problem in finding.problems]


def test_a_cookie_of_any_answer_counts_and_is_told_once(space: Space, hold: Hold) -> None:
    seen = cookies(space, hold, "/login", "session=1; SameSite=Lax")
    assert seen == ["GET /login sets session without `SameSite=None; Secure`"]


def test_a_cookie_that_the_frame_keeps_may_come_from_anywhere(space: Space, hold: Hold) -> None:
    assert cookies(space, hold, "/login", "session=1; SameSite=None; Secure") == []


def test_without_a_page_there_is_no_frame_for_a_cookie(space: Space, hold: Hold) -> None:
    assert cookies(space, hold, "/login", "session=1", page=False) == []
