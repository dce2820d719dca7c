from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.contract.promises.answers_cors_preflight import look_alikes
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "answers-cors-preflight"
ALLOWED = ("https://app.example", "https://owner-name.hf.space")
Answer = Callable[[httpx.Request], httpx.Response]


def grant(origin: str, **others: str) -> httpx.Response:
    headers = {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "Authorization, Content-Type",
    }
    headers.update({name.replace("_", "-"): value for name, value in others.items()})
    return httpx.Response(200, headers=headers)


def strict(request: httpx.Request) -> httpx.Response:
    origin = request.headers["origin"]
    return grant(origin) if origin in ALLOWED else httpx.Response(400)


def ask(space: Space, hold: Hold, answer: Answer) -> tuple[Outcome, str]:
    with respx.mock(base_url="http://space.test") as server:
        server.options("/").mock(side_effect=answer)
        finding = hold(PROMISE, space, FakeDock())
    return finding.outcome, "\n".join(problem.seen for problem in finding.problems)


def test_a_space_with_exact_origins_keeps_it(space: Space, hold: Hold) -> None:
    assert ask(space, hold, strict) == (Outcome.KEPT, "")


def test_the_platforms_own_origin_is_asked_too(space: Space, hold: Hold) -> None:
    outcome, seen = ask(
        space, hold, lambda r: strict(r) if "hf.space" not in r.headers["origin"] else httpx.Response(400)
    )
    assert outcome is Outcome.BROKEN
    assert seen == "preflight from https://owner-name.hf.space: answered 400, though the origin is allowed"


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"access_control_allow_origin": "*"}, "is '*' instead of the origin"),
        ({"access_control_allow_origin": "https://app.example/"}, "instead of the origin"),
        ({"access_control_allow_credentials": "false"}, "without `access-control-allow-credentials"),
        ({"access_control_allow_methods": "GET"}, "not for POST"),
        ({"access_control_allow_headers": "content-type"}, "without the header authorization"),
    ],
)
def test_an_answer_that_keeps_the_front_end_out_breaks_it(
    tmp_path: Path, hold: Hold, headers: dict[str, str], says: str
) -> None:
    space = sound_space(tmp_path, manifest=f"{SOUND_MANIFEST}credentials = true\n")

    def answer(request: httpx.Request) -> httpx.Response:
        origin = request.headers["origin"]
        return grant(origin, **headers) if origin in ALLOWED else httpx.Response(400)

    outcome, seen = ask(space, hold, answer)
    assert outcome is Outcome.BROKEN
    assert says in seen


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("Disallowed CORS headers", "it does not allow the header authorization, content-type"),
        ("Disallowed CORS method", "it does not allow POST"),
        ("Disallowed CORS method, headers", "POST nor the header"),
    ],
)
def test_a_refused_header_is_no_refused_origin(space: Space, hold: Hold, said: str, says: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        allowed = request.headers["origin"] in ALLOWED
        return httpx.Response(400, text=said if allowed else "Disallowed CORS origin")

    with respx.mock(base_url="http://space.test") as server:
        server.options("/").mock(side_effect=answer)
        (problem,) = hold(PROMISE, space, FakeDock()).problems
    assert says in problem.seen
    assert "though the origin is allowed" not in problem.seen
    assert "allow_headers" in problem.remedy


def test_a_refused_origin_is_told_as_one(space: Space, hold: Hold) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, text="Disallowed CORS origin, headers")

    with respx.mock(base_url="http://space.test") as server:
        server.options("/").mock(side_effect=answer)
        (problem,) = hold(PROMISE, space, FakeDock()).problems
    assert "it does not allow the origin nor the header" in problem.seen
    assert "list the exact origins" in problem.remedy


def test_credentials_that_nobody_asked_for_need_not_be_allowed(space: Space, hold: Hold) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        origin = request.headers["origin"]
        return grant(origin, access_control_allow_credentials="") if origin in ALLOWED else strict(request)

    assert ask(space, hold, answer) == (Outcome.KEPT, "")


def test_an_open_door_is_one_problem_that_names_every_stranger(space: Space, hold: Hold) -> None:
    outcome, seen = ask(space, hold, lambda request: grant(request.headers["origin"]))
    assert outcome is Outcome.BROKEN
    assert seen.count("\n") == 0
    for stranger in ("https://old.example", "null", "http://app.example", "https://app.example:8443"):
        assert stranger in seen


@pytest.mark.parametrize("stranger", look_alikes("https://app.example"))
def test_every_look_alike_must_be_refused(space: Space, hold: Hold, stranger: str) -> None:
    outcome, seen = ask(
        space, hold, lambda r: grant(stranger) if r.headers["origin"] == stranger else strict(r)
    )
    assert outcome is Outcome.BROKEN
    assert stranger in seen


def test_a_local_origin_has_no_look_alikes() -> None:
    assert look_alikes("http://localhost:3000") == ()


def test_without_origins_there_is_nothing_to_ask(tmp_path: Path, hold: Hold) -> None:
    assert hold(PROMISE, sound_space(tmp_path, manifest=""), FakeDock()).outcome is Outcome.NOT_ASKED


def test_a_preflight_that_is_not_answered_keeps_the_front_end_out(space: Space, hold: Hold) -> None:
    def resets(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    outcome, seen = ask(space, hold, resets)
    assert outcome is Outcome.BROKEN
    assert seen == (
        "preflight from https://app.example, https://owner-name.hf.space: not answered, though the origin is "
        "allowed"
    )
