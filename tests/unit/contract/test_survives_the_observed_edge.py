from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import respx

from spacedock import platform
from spacedock.contract.finding import Outcome
from spacedock.docks.conditions import Conditions
from spacedock.edge.base import Manner
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.edges import HOST, Answer, FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance
from tests.unit.spaces import sound_space

PROMISE = "survives-the-observed-edge"
INTERNAL = platform.INTERNAL_HOST.value
BEARER = '[origins]\nallowed = ["https://app.example", "https://$SPACE_HOST"]\ncredentials = false\n'
SIMPLE = '[origins]\nallowed = ["https://app.example"]\nmethod = "GET"\nheaders = []\n'


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path, manifest=BEARER)


def well(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200)


def judge(
    space: Space, hold: Hold, answer: Answer = well, *, directly: int = 200, edge: Manner = Manner.OBSERVED
) -> tuple[Outcome, str]:
    dock = FakeDock(otherwise=FakeInstance(in_front=FakeEdge(answer)), conditions=Conditions(edge=edge))
    with respx.mock(base_url="http://space.test") as server:
        asked = server.get(path__regex=".*").respond(directly)
        finding = hold(PROMISE, space, dock)
    assert {call.request.headers["host"] for call in asked.calls} == {"localhost:8080"}
    return finding.outcome, "\n".join(problem.seen for problem in finding.problems)


def only_under(*hosts: str) -> Answer:
    return lambda request: httpx.Response(200 if request.headers["host"] in hosts else 400)


def test_a_space_that_answers_under_both_hosts_keeps_it(space: Space, hold: Hold) -> None:
    assert judge(space, hold) == (Outcome.KEPT, "")


def test_a_space_that_does_not_know_the_internal_host_breaks_it(space: Space, hold: Hold) -> None:
    outcome, seen = judge(space, hold, only_under(HOST))
    assert outcome is Outcome.BROKEN
    assert seen == f"GET / through the edge answers with Host {INTERNAL} 400; directly 200"


def test_a_space_that_knows_no_host_but_its_own_breaks_it_though_it_refuses_direct_calls(
    space: Space, hold: Hold
) -> None:
    outcome, seen = judge(space, hold, only_under(HOST), directly=400)
    assert outcome is Outcome.BROKEN
    assert f"with Host {INTERNAL} 400; with Host {HOST} 200" in seen


def test_a_space_that_refuses_everybody_is_left_alone(space: Space, hold: Hold) -> None:
    assert judge(space, hold, lambda _: httpx.Response(403), directly=403) == (Outcome.KEPT, "")


def test_a_space_that_fails_or_redirects_is_another_promises_business(space: Space, hold: Hold) -> None:
    assert judge(space, hold, lambda _: httpx.Response(500)) == (Outcome.KEPT, "")
    assert judge(space, hold, lambda _: httpx.Response(307)) == (Outcome.KEPT, "")


def test_a_space_that_refuses_an_allowed_origin_breaks_it(space: Space, hold: Hold) -> None:
    outcome, seen = judge(
        space, hold, lambda request: httpx.Response(403 if "origin" in request.headers else 200)
    )
    assert outcome is Outcome.BROKEN
    assert f"403 from https://{HOST}, 403 from https://app.example; without an Origin it is served" in seen


def test_a_manifest_that_speaks_of_no_credentials_is_not_asked_for_them(tmp_path: Path, hold: Hold) -> None:
    manifest = '[origins]\nallowed = ["https://app.example"]\nheaders = ["authorization"]\n'
    assert judge(sound_space(tmp_path, manifest=manifest), hold) == (Outcome.KEPT, "")


def test_a_call_with_credentials_breaks_it(tmp_path: Path, hold: Hold) -> None:
    asked = BEARER.replace("false", "true")
    outcome, seen = judge(sound_space(tmp_path, manifest=asked), hold)
    assert outcome is Outcome.BROKEN
    assert "the preflight of a credentialed POST / from https://app.example is answered by the edge" in seen
    assert HOST not in seen.partition("from")[2]  # its own page asks no preflight


def test_a_call_with_credentials_that_needs_no_preflight_keeps_it(tmp_path: Path, hold: Hold) -> None:
    assert judge(sound_space(tmp_path, manifest=SIMPLE), hold) == (Outcome.KEPT, "")


def test_where_the_edge_is_taken_to_be_transparent_credentials_keep_it(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest=BEARER.replace("false", "true"))
    assert judge(space, hold, edge=Manner.TRANSPARENT) == (Outcome.KEPT, "")


def test_where_the_edge_is_taken_to_be_transparent_both_hosts_still_count(space: Space, hold: Hold) -> None:
    assert judge(space, hold, only_under(HOST), edge=Manner.TRANSPARENT)[0] is Outcome.BROKEN


def test_a_space_that_hangs_up_is_another_promises_business(space: Space, hold: Hold) -> None:
    def resets(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    assert judge(space, hold, resets) == (Outcome.KEPT, "")


def test_a_host_that_is_hung_up_on_is_not_served(space: Space, hold: Hold) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["host"] == HOST:
            return httpx.Response(400)
        raise httpx.ReadError("reset", request=request)

    assert judge(space, hold, answer, directly=400) == (Outcome.KEPT, "")


def test_a_root_that_leads_on_and_on_is_not_followed(space: Space, hold: Hold) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/":
            return httpx.Response(404)
        asked.append(request.url.path)
        return httpx.Response(307, headers={"location": "/"})

    assert judge(space, hold, answer) == (Outcome.KEPT, "")
    assert len(asked) == 4  # under two hosts, and from two origins


def mcp(request: httpx.Request) -> httpx.Response:
    """An MCP server: no page, and a list of hosts that has none of the platform's."""
    if request.url.path != "/mcp":
        return httpx.Response(404)
    return httpx.Response(421, text="Invalid Host header")


def test_a_server_of_mcp_that_knows_no_host_of_the_platform_breaks_it(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path / "mcp", manifest="")
    outcome, seen = judge(space, hold, mcp, directly=406)
    assert outcome is Outcome.BROKEN
    assert seen.startswith("GET /mcp through the edge answers with Host owner-name.hf.space 421, with Host")
    assert seen.endswith("directly 406")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (421, ""),
        (400, "Invalid host header"),
        (403, 'Blocked request. This host ("owner-name.hf.space") is not allowed.'),
    ],
)
def test_a_space_that_knows_no_host_at_all_breaks_it(
    space: Space, hold: Hold, status: int, text: str
) -> None:
    outcome, seen = judge(space, hold, lambda _: httpx.Response(status, text=text), directly=status)
    assert outcome is Outcome.BROKEN
    assert seen.endswith("; by no name is it served")


def test_a_list_of_hosts_is_told_once(space: Space, hold: Hold) -> None:
    outcome, seen = judge(space, hold, lambda _: httpx.Response(421))
    assert (outcome, seen.count("GET ")) == (Outcome.BROKEN, 1)
