"""What a visit opens and calls; what a browser then says, tests/integration/edge/browser shows."""

from __future__ import annotations

import sys

import httpx
import pytest
from pydantic import ValidationError

from spacedock.browser.base import Visit
from spacedock.browser.visit import consoles, options_of, page_of
from spacedock.errors import UsageError
from spacedock.space.manifest import Request
from tests.unit.edges import HOST, FakeEdge

SPACE = f"https://{HOST}"
FRONT = "https://notes.vercel.app"


@pytest.mark.parametrize(
    ("visit", "url"),
    [
        (Visit(), f"{SPACE}/"),
        (Visit(path="/docs"), f"{SPACE}/docs"),
        (Visit(origin=FRONT, call=Request(path="/api")), FRONT),
        (
            Visit(origin="https://huggingface.co", frame=True, path="/ui"),
            f"https://huggingface.co/?of={SPACE}/ui",
        ),
    ],
)
def test_a_visit_opens_the_space_or_a_page_elsewhere(visit: Visit, url: str) -> None:
    assert page_of(visit, SPACE) == url


@pytest.mark.parametrize("origin", ["http://notes.vercel.app", f"{FRONT}/", f"{FRONT}:8443"])
def test_a_page_elsewhere_is_served_by_https_at_its_usual_port(origin: str) -> None:
    with pytest.raises(ValidationError, match="origin"):
        Visit(origin=origin)


def test_a_call_is_made_as_fetch_makes_it() -> None:
    call = Request(path="/api", method="PUT", headers={"x-token": "1"}, body="as it is")
    assert options_of(call, credentials=False) == {
        "method": "PUT",
        "headers": {"x-token": "1"},
        "credentials": "omit",
        "body": "as it is",
    }
    assert options_of(call, credentials=True)["credentials"] == "include"


def test_a_call_without_a_body_has_none() -> None:
    assert "body" not in options_of(Request(path="/api"), credentials=False)


def test_a_body_that_is_no_text_is_sent_as_json() -> None:
    options = options_of(Request(path="/api", method="POST", body={"a": [1]}), credentials=False)
    assert options["body"] == '{"a": [1]}'
    assert options["headers"] == {"content-type": "application/json"}


def test_another_content_type_is_kept() -> None:
    call = Request(path="/api", method="POST", headers={"content-type": "text/plain"}, body=[1])
    assert options_of(call, credentials=False)["headers"] == {"content-type": "text/plain"}


def test_without_playwright_it_says_how_to_come_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright", None)
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    edge = FakeEdge(lambda request: httpx.Response(200))
    with pytest.raises(UsageError) as caught:
        list(consoles(edge, [Visit()], credentials=False))
    assert caught.value.remedy == 'pip install "hf-spacedock[browser]"'
