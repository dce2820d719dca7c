from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.services.faults import openai as openai_faults
from spacedock.services.faults.openai import ReceivedRequest, RequestFault
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.edges import Answer, FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance
from tests.unit.spaces import sound_space

PROMISE = "streams-through-the-edge"
STREAM = """
[stream]
path = "/chat"
method = "POST"
headers = { accept = "text/event-stream" }
body = { question = "Why?" }
"""
WEBSOCKET = '[websocket]\npath = "/ws"\n'
EVENTS = [f"data: {number}\n\n".encode() for number in range(5)]


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path, manifest=STREAM)


def told(pieces: Iterable[bytes], **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, headers={"content-type": "text/event-stream", **named}, stream=Pieces(pieces))


class Pieces(httpx.SyncByteStream):
    """A body whose pieces arrive apart."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces


def judge(
    space: Space, hold: Hold, through_edge: Answer, directly: Answer | None = None
) -> tuple[Outcome, str]:
    dock = FakeDock(otherwise=FakeInstance(in_front=FakeEdge(through_edge)))
    with respx.mock(base_url="http://space.test", assert_all_called=False) as server:
        server.route().mock(side_effect=directly or through_edge)
        finding = hold(PROMISE, space, dock)
    return finding.outcome, "\n".join(problem.seen for problem in finding.problems)


def test_a_stream_in_pieces_keeps_it_and_is_asked_for_as_the_manifest_says(space: Space, hold: Hold) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return told(EVENTS)

    assert judge(space, hold, answer) == (Outcome.KEPT, "")
    (asked,) = requests
    assert (asked.method, asked.url.path, asked.read()) == ("POST", "/chat", b'{"question":"Why?"}')
    assert asked.headers["accept"] == "text/event-stream"


def test_it_hangs_up_as_soon_as_it_has_seen_enough(space: Space, hold: Hold) -> None:
    given: list[bytes] = []

    def endless() -> Iterator[bytes]:
        while True:
            given.append(b"data: more\n\n")
            yield given[-1]

    assert judge(space, hold, lambda _: told(endless())) == (Outcome.KEPT, "")
    assert len(given) == 3


def test_an_answer_in_one_piece_breaks_it(space: Space, hold: Hold) -> None:
    outcome, seen = judge(space, hold, lambda _: told([b"".join(EVENTS)]))
    assert outcome is Outcome.BROKEN
    assert seen == "the answer to POST /chat comes through the edge in 1 piece; directly in 1 piece"


def test_an_answer_whose_length_is_known_breaks_it(space: Space, hold: Hold) -> None:
    whole = b"".join(EVENTS)
    outcome, seen = judge(space, hold, lambda _: told([whole], content_length=str(len(whole))))
    assert outcome is Outcome.BROKEN
    assert "all at once, its length known before it began" in seen


def test_the_head_of_a_compressed_answer_is_no_piece_of_it(space: Space, hold: Hold) -> None:
    packed = gzip.compress(b"".join(EVENTS))
    outcome, _ = judge(space, hold, lambda _: told([packed[:10], packed[10:]], content_encoding="gzip"))
    assert outcome is Outcome.BROKEN


def test_pieces_that_were_so_quick_that_they_came_together_keep_it(space: Space, hold: Hold) -> None:
    together, apart = (lambda _: told([b"".join(EVENTS)])), (lambda _: told(EVENTS))
    assert judge(space, hold, together, directly=apart) == (Outcome.KEPT, "")


def test_a_request_that_is_refused_shows_nothing_and_is_said(space: Space, hold: Hold) -> None:
    outcome, seen = judge(space, hold, lambda _: httpx.Response(401, text="who are you?"))
    assert outcome is Outcome.BROKEN
    assert seen == "POST /chat through the edge answers 401 instead of a stream: who are you?"


class OpenAIFaults:
    """The double's desk, on which the Space's request ends once `pieces` have been asked about."""

    def __init__(self, ends_after: int) -> None:
        self.ordered: list[RequestFault] = []
        self.looks = -1
        self._ends_after = ends_after

    def order(self, *faults: RequestFault) -> None:
        self.ordered = list(faults)

    def take_back(self) -> None:
        self.ordered = []

    def requests(self) -> list[ReceivedRequest]:
        self.looks += 1
        if self.looks == 0:
            return []
        ended = self.looks > self._ends_after
        body: Any = {"stream": True}
        return [
            ReceivedRequest(
                "POST", "/v1/chat", authorized=True, body=body, outcome="answered" if ended else "pending"
            )
        ]


@pytest.mark.parametrize(
    ("ends_after", "outcome"),
    [(0, Outcome.BROKEN), (2, Outcome.BROKEN), (3, Outcome.KEPT), (9, Outcome.KEPT)],
)
def test_beside_the_double_only_what_comes_before_its_answer_ends_counts(
    space: Space, hold: Hold, monkeypatch: pytest.MonkeyPatch, ends_after: int, outcome: Outcome
) -> None:
    model_faults = OpenAIFaults(ends_after)
    monkeypatch.setattr(openai_faults.OpenAIFaults, "of", lambda service: model_faults)
    dock = FakeDock(otherwise=FakeInstance(in_front=FakeEdge(lambda _: told(EVENTS))))
    dock.services = {"openai": object()}  # type: ignore[dict-item]
    finding = hold(PROMISE, space, dock)
    assert finding.outcome is outcome
    if outcome is Outcome.BROKEN:
        assert f"in {ends_after} pieces before the model had ended" in finding.problems[0].seen
    assert model_faults.ordered == []


def upgrade(request: httpx.Request) -> httpx.Response:
    key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    return httpx.Response(101, headers={"sec-websocket-accept": accept})


def test_a_websocket_that_opens_keeps_it(tmp_path: Path, hold: Hold) -> None:
    assert judge(sound_space(tmp_path, manifest=WEBSOCKET), hold, upgrade) == (Outcome.KEPT, "")


def test_a_websocket_whose_upgrade_is_lost_inside_breaks_it(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest=WEBSOCKET)
    outcome, seen = judge(space, hold, lambda _: httpx.Response(400), directly=upgrade)
    assert outcome is Outcome.BROKEN
    assert seen == "the WebSocket /ws does not open through the edge: it answers 400; directly it opens"


def test_a_space_that_names_neither_is_not_asked(tmp_path: Path, hold: Hold) -> None:
    assert hold(PROMISE, sound_space(tmp_path, manifest=""), FakeDock()).outcome is Outcome.NOT_ASKED


def test_a_stream_that_is_not_answered_breaks_it(space: Space, hold: Hold) -> None:
    def resets(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    assert judge(space, hold, resets) == (
        Outcome.BROKEN,
        "POST /chat through the edge is not answered: ReadError reset",
    )


def test_a_stream_that_breaks_off_before_it_was_seen_to_be_one_breaks_it(space: Space, hold: Hold) -> None:
    def cut() -> Iterator[bytes]:
        yield EVENTS[0]
        raise httpx.ReadError("reset")

    outcome, seen = judge(space, hold, lambda _: told(cut()), directly=lambda _: httpx.Response(500))
    assert outcome is Outcome.BROKEN
    assert seen == (
        "the answer to POST /chat comes through the edge in 1 piece and breaks off (ReadError reset); "
        "directly as 500"
    )


def test_a_refusal_without_an_end_is_told_by_its_beginning(space: Space, hold: Hold) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"no! " * 10_000

    outcome, seen = judge(space, hold, lambda _: httpx.Response(503, stream=Pieces(endless())))
    assert outcome is Outcome.BROKEN
    assert seen.endswith("answers 503 instead of a stream: " + "no! " * 50)


def test_the_manifests_requests_are_answered_first_and_may_fail(tmp_path: Path, hold: Hold) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return told(EVENTS) if request.url.path == "/chat" else httpx.Response(500)

    space = sound_space(tmp_path, manifest=STREAM + '[[requests]]\npath = "/api/notes"\n')
    assert judge(space, hold, answer) == (Outcome.KEPT, "")
    assert asked == ["/api/notes", "/chat"]


def test_a_websocket_that_is_hung_up_on_breaks_it(tmp_path: Path, hold: Hold) -> None:
    def resets(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    space = sound_space(tmp_path, manifest=WEBSOCKET)
    outcome, seen = judge(space, hold, resets, directly=upgrade)
    assert outcome is Outcome.BROKEN
    assert "does not open through the edge: it is not answered (ReadError reset); directly it opens" in seen
