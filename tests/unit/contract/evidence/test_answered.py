"""Whether the requests of a manifest are answered as deployed, which is found out once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.evidence.answered import Unanswered, asked, require_answers
from spacedock.contract.instances import Instances
from spacedock.evidence.base import NotReady
from spacedock.space import Space
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
    with Instances(FakeDock()) as instances:
        assert asked(space, instances).failed == ()
    assert [server[name].call_count for name in ("read", "write")] == [9, 9]


def test_they_are_sent_once_whoever_asks(space: Space, server: respx.MockRouter) -> None:
    with Instances(FakeDock()) as instances:
        asked(space, instances)
        require_answers(space, instances)
    assert server["read"].call_count == 9


def test_one_that_fails_alone_is_not_sent_at_once(space: Space, server: respx.MockRouter) -> None:
    server["write"].respond(500, text="no such table")
    with Instances(FakeDock()) as instances:
        assert asked(space, instances).failed == ("PUT /api/notes/one answers 500: no such table",)
    assert server["read"].call_count == 1


def test_one_that_fails_at_once_only_is_told_once(space: Space, server: respx.MockRouter) -> None:
    answers = iter([httpx.Response(200), *[httpx.Response(500, text="taken")] * 8])
    server["read"].side_effect = lambda _request: next(answers)
    with Instances(FakeDock()) as instances:
        assert asked(space, instances).failed == (
            "alone it is answered; of 8 of each request at once, GET /api/notes answers 500: taken",
        )


def test_a_refusal_is_an_answer(space: Space, server: respx.MockRouter) -> None:
    server["read"].respond(401)
    with Instances(FakeDock()) as instances:
        assert asked(space, instances).failed == ()


def test_who_needs_answers_is_told_what_fails_and_the_log(space: Space, server: respx.MockRouter) -> None:
    server["read"].respond(500)
    with Instances(FakeDock(otherwise=FakeInstance(log="a traceback"))) as instances:
        with pytest.raises(Unanswered, match="GET /api/notes answers 500") as told:
            require_answers(space, instances)
        assert told.value.instance.logs() == "a traceback"


def test_a_manifest_without_requests_has_none_that_fail(tmp_path: Path, server: respx.MockRouter) -> None:
    with Instances(FakeDock()) as instances:
        require_answers(sound_space(tmp_path / "other"), instances)
    assert not server.calls


def test_a_space_that_does_not_boot_is_not_asked(space: Space, server: respx.MockRouter) -> None:
    with Instances(FakeDock(otherwise=FakeInstance(boot=exited(1)))) as instances, pytest.raises(NotReady):
        asked(space, instances)
