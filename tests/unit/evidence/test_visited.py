from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spacedock.docks.boots import BootSpec
from spacedock.evidence import quiet
from spacedock.evidence.visited import Visited, Visits
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.evidence.servers import OK, Server, Serves, Visit
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

EMPTY = OK + b"Content-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "_QUIET", 0.0)


def visits(space: Space, serves: Serves, **instance: object) -> Visits:
    with Server(serves) as server:
        given = FakeInstance(url=server.url, **instance)  # type: ignore[arg-type]
        with Run(space, FakeDock(otherwise=given)) as run:
            return run.look(Visited())


def answering(answer: bytes) -> Callable[[Visit], None]:
    def serve(visit: Visit) -> None:
        while visit.request():
            visit.say(answer)

    return serve


def test_the_root_the_ready_path_and_one_that_is_none_are_asked(tmp_path: Path) -> None:
    space = sound_space(tmp_path, manifest='[space]\nready = "/health"\n')
    asked = [reply.path for reply in visits(space, answering(EMPTY)).replies]
    assert asked == ["/", "/health", "/spacedock-no-such-page"]


def test_nobody_asks_twice_where_the_root_says_that_it_is_ready(space: Space) -> None:
    asked = [reply.path for reply in visits(space, answering(EMPTY)).replies]
    assert asked == ["/", "/spacedock-no-such-page"]


def test_what_has_not_come_up_is_not_asked(space: Space) -> None:
    seen = visits(space, answering(EMPTY), boot=exited(1), log="KeyError")
    assert seen.replies == ()
    assert seen.facts.log == "KeyError"


def test_nobody_follows_to_another_host(space: Space) -> None:
    sent = (
        OK.replace(b"200 OK", b"302 Found") + b"Location: https://other.example/\r\nContent-Length: 0\r\n\r\n"
    )
    assert {reply.location for reply in visits(space, answering(sent)).replies} == {"https://other.example/"}


def test_what_never_ends_is_cut(space: Space) -> None:
    def pour(visit: Visit) -> None:
        visit.request()
        visit.say(OK, b"\r\n")
        visit.pour(b"x" * 65536)

    (first, *_) = visits(space, pour).replies
    assert first.status == 200
    assert first.body
    assert not first.whole


def test_a_reset_is_told_by_a_reply_each_and_the_space_lives_on(space: Space) -> None:
    def reset(visit: Visit) -> None:
        visit.request()
        visit.reset()

    seen = visits(space, reset)
    assert [reply.status for reply in seen.replies] == [None, None]
    assert seen.facts.ready


def test_that_it_has_ended_by_being_asked_is_seen(space: Space) -> None:
    seen = visits(space, Visit.reset, gone=True)
    assert seen.facts.result.ready
    assert not seen.facts.alive


def test_another_boot_is_visited_for_itself(space: Space) -> None:
    other = BootSpec("with blank secrets", blank=frozenset({"API_KEY"}))
    dock = FakeDock(otherwise=FakeInstance(boot=exited(1)))
    with Run(space, dock) as run:
        assert run.look(Visited(other)).facts.spec == other
    assert dock.booted == [other]
