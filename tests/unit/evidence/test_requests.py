"""Whether the requests of a manifest are answered as deployed, which is found out once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
import respx

from spacedock.docks.capability import Capability
from spacedock.evidence.asking import directly
from spacedock.evidence.base import CannotShow, Evidence, NotReady, Surroundings
from spacedock.evidence.requests import (
    Answered,
    AnsweredWithServices,
    Answers,
    Unanswered,
    require_answers,
    sent,
)
from spacedock.run.loop import Run
from spacedock.space import Space
from spacedock.space.manifest import Request
from tests.unit.answers import BreaksOff
from tests.unit.evidence.conftest import look
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import SOUND_MANIFEST, sound_space

REQUESTS = """
[[requests]]
path = "/api/notes"
[[requests]]
path = "/api/notes/one"
method = "PUT"
body = { text = "a" }
"""


@dataclass(frozen=True)
class Builds(Evidence[Answers]):
    """What can be told only of a Space that answers."""

    needs: ClassVar = Answered.needs

    def gather(self, around: Surroundings) -> Answers:
        return require_answers(around)


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path, manifest=SOUND_MANIFEST + REQUESTS)


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url="http://space.test", assert_all_called=False) as router:
        router.get("/api/notes", name="read").respond(200)
        router.put("/api/notes/one", name="write").respond(204)
        yield router


def test_each_request_is_sent_alone_and_then_eight_times_at_once(
    space: Space, server: respx.MockRouter
) -> None:
    answers = look(Answered(), space, FakeDock())
    assert [reply.status for reply in answers.replies] == [200, 204]
    assert answers.failed == ()
    assert [server[name].call_count for name in ("read", "write")] == [9, 9]


def test_they_are_sent_once_whoever_asks(space: Space, server: respx.MockRouter) -> None:
    with Run(space, FakeDock()) as run:
        assert run.look(Builds()) is run.look(AnsweredWithServices()) is run.look(Answered())
    assert server["read"].call_count == 9


def test_one_that_fails_alone_is_not_sent_at_once(space: Space, server: respx.MockRouter) -> None:
    server["write"].respond(500, text="no such table")
    answers = look(Answered(), space, FakeDock())
    assert answers.failed == ("PUT /api/notes/one answers 500: no such table",)
    assert server["read"].call_count == 1


def test_one_that_fails_at_once_only_is_told_once(space: Space, server: respx.MockRouter) -> None:
    answers = iter([httpx.Response(200), *[httpx.Response(500, text="taken")] * 8])
    server["read"].side_effect = lambda _request: next(answers)
    assert look(Answered(), space, FakeDock()).failed == (
        "alone it is answered; of 8 of each request at once, GET /api/notes answers 500: taken",
    )


def test_half_of_an_answer_is_a_failure(space: Space, server: respx.MockRouter) -> None:
    server["read"].mock(side_effect=lambda _: httpx.Response(200, stream=BreaksOff(b"half")))
    assert look(Answered(), space, FakeDock()).failed == (
        "GET /api/notes answers 200 and breaks off (ReadError reset): half",
    )


def test_a_refusal_and_a_redirect_elsewhere_are_answers(space: Space, server: respx.MockRouter) -> None:
    server["read"].respond(401)
    server["write"].respond(307, headers={"location": "https://elsewhere.example/"})
    assert look(Answered(), space, FakeDock()).failed == ()


def test_who_needs_answers_is_told_what_fails_and_the_log(space: Space, server: respx.MockRouter) -> None:
    server["read"].respond(500)
    dock = FakeDock(otherwise=FakeInstance(log="a traceback"))
    with pytest.raises(Unanswered, match="GET /api/notes answers 500") as told:
        look(Builds(), space, dock)
    assert (told.value.log, told.value.blame) == ("a traceback", "answers-its-requests")


def test_a_manifest_without_requests_has_none_that_fail(tmp_path: Path, server: respx.MockRouter) -> None:
    answers = look(Builds(), sound_space(tmp_path / "other"), FakeDock())
    assert answers.replies == ()
    assert not server.calls


def test_a_space_that_does_not_boot_is_not_asked(space: Space, server: respx.MockRouter) -> None:
    with pytest.raises(NotReady):
        look(Answered(), space, FakeDock(otherwise=FakeInstance(boot=exited(1))))
    assert not server.calls


def test_a_space_that_ends_while_it_is_asked_was_not_ready(space: Space, server: respx.MockRouter) -> None:
    class Ends(FakeDock):
        def boot(self, spec: object) -> FakeInstance:
            self.given = FakeInstance()
            return self.given

    def reset(_request: httpx.Request) -> httpx.Response:
        dock.given.gone = True
        raise httpx.ReadError("reset")

    dock = Ends()
    server["read"].mock(side_effect=reset)
    with pytest.raises(NotReady, match="was ready and ended by itself"):
        look(Answered(), space, dock)


def test_where_there_are_no_services_their_clients_say_nothing(
    space: Space, server: respx.MockRouter
) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {Capability.SERVICES})
    with pytest.raises(CannotShow, match="services"):
        look(AnsweredWithServices(), space, dock)
    assert look(Answered(), space, dock).failed == ()


def test_a_secret_takes_the_place_of_its_name_and_what_is_added_wins(server: respx.MockRouter) -> None:
    request = Request(
        path="/api/notes", headers={"authorization": "Bearer $TOKEN", "origin": "https://a.test"}
    )
    with directly("http://space.test") as asker:
        list(sent(asker, [request], {"TOKEN": "t0p"}, {"origin": "https://b.test"}))
    headers = server["read"].calls.last.request.headers
    assert (headers["authorization"], headers["origin"]) == ("Bearer t0p", "https://b.test")
