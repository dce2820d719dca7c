from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Level
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "answers-head"


def ask(space: Space, hold: Hold, get: int, head: int) -> Finding:
    with respx.mock(base_url="http://space.test") as server:
        server.get("/").mock(return_value=httpx.Response(get))
        server.head("/").mock(return_value=httpx.Response(head))
        finding: Finding = hold(PROMISE, space, FakeDock())
    return finding


def test_a_root_that_answers_both_keeps_it(space: Space, hold: Hold) -> None:
    assert ask(space, hold, 200, 200).outcome is Outcome.KEPT


@pytest.mark.parametrize(
    ("get", "head", "says"), [(200, 405, "HEAD / answers 405"), (404, 200, "GET / answers 404")]
)
def test_a_root_that_refuses_one_breaks_it(space: Space, hold: Hold, get: int, head: int, says: str) -> None:
    finding = ask(space, hold, get, head)
    assert [problem.seen for problem in finding.problems] == [says]


def test_it_is_good_practice_and_no_more(space: Space, hold: Hold) -> None:
    assert ask(space, hold, 200, 405).promise.level is Level.SHOULD


Answer = Callable[[httpx.Request], httpx.Response] | type[Exception]


def sent_to(location: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(307, headers={"location": location})


def seen_of(space: Space, hold: Hold, **paths: Answer) -> list[str]:
    """Return what is found of a Space that answers GET at these paths so, and HEAD / well."""
    with respx.mock(base_url="http://space.test") as server:
        for path, answer in paths.items():
            server.get(path.replace("_", "/")).mock(side_effect=answer)
        server.head("/").respond(200)
        return [problem.seen for problem in hold(PROMISE, space, FakeDock()).problems]


def test_a_redirect_within_the_space_is_followed_by_either_method(space: Space, hold: Hold) -> None:
    with respx.mock(base_url="http://space.test") as server:
        server.route(path="/").mock(side_effect=sent_to("/ui"))
        server.get("/ui").respond(200)
        server.head("/ui").respond(405)
        finding = hold(PROMISE, space, FakeDock())
    assert [problem.seen for problem in finding.problems] == ["HEAD / answers 405"]


@pytest.mark.parametrize("location", ["https://elsewhere.example/", "https://space.test/", "https://[bad"])
def test_a_redirect_to_elsewhere_is_left_alone_and_nobody_goes_there(
    space: Space, hold: Hold, location: str
) -> None:
    with respx.mock(base_url="http://space.test") as server:
        server.route(path="/").mock(side_effect=sent_to(location))
        assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT
        assert {str(call.request.url) for call in server.calls} == {"http://space.test/"}


def test_a_redirect_to_itself_breaks_it(space: Space, hold: Hold) -> None:
    assert seen_of(space, hold, _=sent_to("/")) == ["GET / redirects on and on, in the end to /"]


@pytest.mark.parametrize("fails", [httpx.ReadError, lambda _: httpx.Response(500)])
def test_a_root_that_fails_is_another_promises_business(space: Space, hold: Hold, fails: Answer) -> None:
    with respx.mock(base_url="http://space.test") as server:
        server.get("/").mock(side_effect=fails)
        finding = hold(PROMISE, space, FakeDock())
    assert (finding.outcome, finding.blame) == (Outcome.BLOCKED, "answers-its-requests")


def test_a_redirect_to_what_hangs_up_says_which(space: Space, hold: Hold) -> None:
    with respx.mock(base_url="http://space.test") as server:
        server.head("/").mock(side_effect=sent_to("/ui"))
        server.get("/").respond(200)
        server.head("/ui").mock(side_effect=httpx.ReadError)
        (problem,) = hold(PROMISE, space, FakeDock()).problems
    assert problem.seen == "HEAD / redirects to /ui, which is not answered: ReadError Mock Error"


@pytest.mark.parametrize(
    ("get", "head", "says"),
    [
        (200, 200, []),
        (200, 405, ["HEAD /health answers 405; GET answers it"]),
        (200, 500, ["HEAD /health answers 500; GET answers it"]),
        (404, 404, []),
    ],
)
def test_the_ready_path_is_asked_by_monitors(
    tmp_path: Path, hold: Hold, get: int, head: int, says: list[str]
) -> None:
    space = sound_space(tmp_path, manifest=SOUND_MANIFEST.replace("[space]", '[space]\nready = "/health"'))
    with respx.mock(base_url="http://space.test", assert_all_called=False) as server:
        server.route(path="/").respond(200)
        server.get("/health").respond(get)
        server.head("/health").respond(head)
        assert [problem.seen for problem in hold(PROMISE, space, FakeDock()).problems] == says


def test_a_root_that_breaks_off_or_never_ends_keeps_it(space: Space, hold: Hold) -> None:
    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"more and more" * 1000

    assert seen_of(space, hold, _=lambda _: httpx.Response(200, stream=Endless())) == []
