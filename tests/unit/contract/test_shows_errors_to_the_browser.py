from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Level
from spacedock.docks.capability import Capability
from spacedock.space import Space
from tests.unit.answers import BreaksOff
from tests.unit.contract.conftest import Hold
from tests.unit.contract.docks import BreakableDock
from tests.unit.fakes import FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "shows-errors-to-the-browser"
FRONT = "https://app.example"
ORIGINS = '[origins]\nmethod = "GET"\nallowed = ["https://app.example", "https://$SPACE_HOST"]\n'
REQUEST = '[[requests]]\npath = "/notes"\nmethod = "POST"\nbody = { text = "hello" }\n'
PRIVATE = '[[requests]]\npath = "/mine"\nheaders = { authorization = "Bearer a" }\nprivate = true\n'
SERVICE = '[secrets]\nDATABASE_URL = { from = "postgres.url" }\n'
ALLOWED = {"access-control-allow-origin": FRONT}

Answer = Callable[[httpx.Request], httpx.Response]


def ask(
    tmp_path: Path, hold: Hold, answer: Answer, *parts: str, dock: BreakableDock | None = None
) -> Finding:
    """Hold a Space with that manifest to it, which answers so."""
    space: Space = sound_space(tmp_path, manifest="".join(parts))
    with respx.mock(base_url="http://space.test", assert_all_called=False) as server:
        server.route().mock(side_effect=answer)
        return hold(PROMISE, space, dock or BreakableDock())


def api(
    *, good: dict[str, str] = ALLOWED, bad: dict[str, str] = ALLOWED, status: int = 500, secret: str = ""
) -> Answer:
    """A Space that answers with these headers what goes well, and what does not."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "OPTIONS":
            return httpx.Response(200, headers=good)
        if request.content == b"{" or (secret and request.headers.get("authorization") != secret):
            assert request.headers["origin"] == FRONT
            return httpx.Response(status, headers=bad)
        return httpx.Response(200, headers=good)

    return answer


def seen(finding: Finding) -> list[str]:
    return [problem.seen for problem in finding.problems]


@pytest.mark.parametrize("given", [FRONT, "*"])
def test_an_error_that_the_browser_is_shown_keeps_it(tmp_path: Path, hold: Hold, given: str) -> None:
    answer = api(bad={"access-control-allow-origin": given})
    assert ask(tmp_path, hold, answer, REQUEST, ORIGINS).outcome is Outcome.KEPT


@pytest.mark.parametrize("status", [400, 422, 500])
def test_an_error_without_the_header_breaks_it(tmp_path: Path, hold: Hold, status: int) -> None:
    finding = ask(tmp_path, hold, api(bad={}, status=status), REQUEST, ORIGINS)
    assert seen(finding) == [f"POST /notes answers {FRONT} {status} without `access-control-allow-origin`"]


def test_an_error_for_another_origin_breaks_it(tmp_path: Path, hold: Hold) -> None:
    answer = api(bad={"access-control-allow-origin": "https://other.example"})
    finding = ask(tmp_path, hold, answer, REQUEST, ORIGINS)
    assert finding.outcome is Outcome.BROKEN
    assert seen(finding)[0].endswith("500 with `access-control-allow-origin: https://other.example`")


def test_what_takes_a_broken_body_for_good_shows_no_error(tmp_path: Path, hold: Hold) -> None:
    assert ask(tmp_path, hold, api(bad={}, status=200), REQUEST, ORIGINS).outcome is Outcome.NOT_PROVEN


def test_what_no_browser_reads_when_it_goes_well_is_left_alone(tmp_path: Path, hold: Hold) -> None:
    assert ask(tmp_path, hold, api(good={}, bad={}), REQUEST, ORIGINS).outcome is Outcome.NOT_PROVEN


def test_a_refusal_without_the_header_breaks_it(tmp_path: Path, hold: Hold) -> None:
    answer = api(bad={}, status=401, secret="Bearer a")
    finding = ask(tmp_path, hold, answer, PRIVATE, ORIGINS)
    assert seen(finding) == [f"GET /mine answers {FRONT} 401 without `access-control-allow-origin`"]


def test_what_browsers_call_is_asked_without_requests_too(tmp_path: Path, hold: Hold) -> None:
    origins = ORIGINS.replace('"GET"', '"POST"') + 'path = "/chat"\n'
    finding = ask(tmp_path, hold, api(bad={}), origins)
    assert seen(finding) == [f"POST /chat answers {FRONT} 500 without `access-control-allow-origin`"]


def test_what_is_named_twice_is_told_once(tmp_path: Path, hold: Hold) -> None:
    origins = ORIGINS.replace('"GET"', '"POST"') + 'path = "/notes"\n'
    assert len(seen(ask(tmp_path, hold, api(bad={}), REQUEST, origins))) == 1


def test_what_browsers_may_not_call_at_all_is_for_another_promise(tmp_path: Path, hold: Hold) -> None:
    origins = ORIGINS.replace('"GET"', '"POST"')
    assert ask(tmp_path, hold, api(good={}, bad={}), origins).outcome is Outcome.NOT_PROVEN


def away(dock: BreakableDock, headers: dict[str, str]) -> Answer:
    """A Space that fails while Postgres refuses."""

    def answer(_request: httpx.Request) -> httpx.Response:
        if any(bay.broken_now.get("postgres") == "refuse" for bay in dock.bays):
            return httpx.Response(500, headers=headers)
        return httpx.Response(200, headers=ALLOWED)

    return answer


def test_what_services_that_refuse_lead_to_is_shown_too(tmp_path: Path, hold: Hold) -> None:
    dock = BreakableDock()
    finding = ask(tmp_path, hold, away(dock, {}), SERVICE, REQUEST, ORIGINS, dock=dock)
    assert seen(finding) == [
        f"while every service refuses, POST /notes answers {FRONT} 500 without `access-control-allow-origin`"
    ]
    assert dock.booted[-1].environment == dock.bays[0].environment
    dock = BreakableDock()
    finding = ask(tmp_path / "b", hold, away(dock, ALLOWED), SERVICE, REQUEST, ORIGINS, dock=dock)
    assert finding.outcome is Outcome.KEPT


def test_what_breaks_off_or_is_not_answered_is_for_another_promise(tmp_path: Path, hold: Hold) -> None:
    def resets(request: httpx.Request) -> httpx.Response:
        if request.content == b"{":
            raise httpx.ReadError("reset")
        return httpx.Response(200, headers=ALLOWED, stream=BreaksOff(b"half"))

    assert ask(tmp_path, hold, resets, REQUEST, ORIGINS).outcome is Outcome.NOT_PROVEN


def test_an_error_that_breaks_off_is_one(tmp_path: Path, hold: Hold) -> None:
    def half(request: httpx.Request) -> httpx.Response:
        if request.content == b"{":
            return httpx.Response(500, stream=BreaksOff(b"half"))
        return httpx.Response(200, headers=ALLOWED)

    assert ask(tmp_path, hold, half, REQUEST, ORIGINS).outcome is Outcome.BROKEN


def test_a_space_that_ends_with_its_services_is_for_another_promise(tmp_path: Path, hold: Hold) -> None:
    def ends(_request: httpx.Request) -> httpx.Response:
        if dock.bays:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, headers=ALLOWED)

    dock = BreakableDock(with_services_that_refuse_later=FakeInstance(gone=True))
    assert ask(tmp_path, hold, ends, SERVICE, REQUEST, ORIGINS, dock=dock).outcome is Outcome.NOT_PROVEN


def test_where_it_is_broken_already_nothing_else_is_booted(tmp_path: Path, hold: Hold) -> None:
    dock = BreakableDock()
    ask(tmp_path, hold, api(bad={}), SERVICE, REQUEST, ORIGINS, dock=dock)
    assert len(dock.booted) == 1


def test_a_dock_without_services_shows_the_rest(tmp_path: Path, hold: Hold) -> None:
    dock = BreakableDock(capabilities=frozenset(Capability) - {Capability.SERVICES})
    assert ask(tmp_path, hold, api(), SERVICE, REQUEST, ORIGINS, dock=dock).outcome is Outcome.KEPT
    assert len(dock.booted) == 1


def test_a_space_that_does_not_boot_is_not_judged(tmp_path: Path, hold: Hold) -> None:
    dock = BreakableDock(otherwise=FakeInstance(boot=exited(1)))
    assert ask(tmp_path, hold, api(), REQUEST, ORIGINS, dock=dock).outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (REQUEST, "the manifest allows no other site's origin"),
        (
            REQUEST + '[origins]\nallowed = ["https://$SPACE_HOST"]\n',
            "the manifest allows no other site's origin",
        ),
        (ORIGINS, "the manifest names no [[requests]] that could go wrong"),
    ],
)
def test_a_space_that_gives_it_nothing_is_not_asked(
    tmp_path: Path, hold: Hold, manifest: str, why: str
) -> None:
    finding = ask(tmp_path, hold, api(), manifest)
    assert (finding.outcome, finding.detail) == (Outcome.NOT_ASKED, why)


def test_it_is_advice(tmp_path: Path, hold: Hold) -> None:
    assert ask(tmp_path, hold, api(), REQUEST, ORIGINS).promise.level is Level.SHOULD


DESCRIPTION = {
    "paths": {
        "/items/{name}": {"get": {}, "delete": {}},
        "/items": {"get": {}, "post": {"requestBody": {"content": {"application/json": {}}}}},
        "/upload": {"post": {"requestBody": {"content": {"multipart/form-data": {}}}}},
    }
}


def described_api(
    *, fails: Callable[[httpx.Request], bool], asked: list[httpx.Request], allows: bool = True
) -> Answer:
    """An API that describes itself, lets browsers call, and does not show them some of its errors."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path == "/openapi.json":
            return httpx.Response(200, json=DESCRIPTION, headers=ALLOWED)
        if request.method == "OPTIONS":
            return httpx.Response(200, headers=ALLOWED if allows else {})
        failing = fails(request)
        return httpx.Response(500 if failing else 404, headers={} if failing else ALLOWED)

    return answer


@pytest.mark.parametrize(
    ("fails", "says"),
    [
        (lambda request: request.url.path == "/items/spacedock", "GET /items/spacedock"),
        (lambda request: request.content == b"{", "POST /items"),
        (lambda request: len(request.content) > 2**20, "POST /items"),
    ],
)
def test_an_error_of_a_described_path_without_the_header_breaks_it(
    tmp_path: Path, hold: Hold, fails: Callable[[httpx.Request], bool], says: str
) -> None:
    finding = ask(tmp_path, hold, described_api(fails=fails, asked=[]), REQUEST, ORIGINS)
    assert seen(finding) == [f"{says} answers {FRONT} 500 without `access-control-allow-origin`"]


def test_what_is_described_is_not_changed(tmp_path: Path, hold: Hold) -> None:
    asked: list[httpx.Request] = []
    finding = ask(tmp_path, hold, described_api(fails=lambda _: False, asked=asked), REQUEST, ORIGINS)
    assert finding.outcome is Outcome.KEPT
    sent = {(each.method, each.url.path) for each in asked if each.method != "OPTIONS"}
    assert sent == {
        ("GET", "/openapi.json"),
        ("GET", "/items/spacedock"),
        ("POST", "/items"),
        ("POST", "/notes"),
    }
    assert all(each.content.startswith(b"{") for each in asked if each.url.path == "/items" and each.content)


def test_what_is_described_and_no_browser_may_call_is_left_alone(tmp_path: Path, hold: Hold) -> None:
    answer = described_api(fails=lambda _: True, asked=[], allows=False)
    assert ask(tmp_path, hold, answer, REQUEST, ORIGINS).outcome is Outcome.NOT_PROVEN
