from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.docks.capability import Capability
from spacedock.evidence import lives
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.contract.docks import Spent
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "keeps-its-state"
DEPLOYED, FIRST, SECOND = "http://deployed.test", "http://first.test", "http://second.test"
STATE = """
[state]
write = { path = "/notes/kept", method = "PUT", body = { text = "a" } }
read = { path = "/notes/kept" }
"""
REQUESTS = '[[requests]]\npath = "/notes"\n'


@pytest.fixture
def keeping(tmp_path: Path) -> Space:
    return sound_space(tmp_path, manifest=SOUND_MANIFEST + STATE + REQUESTS)


@pytest.fixture(autouse=True)
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[respx.MockRouter]:
    monkeypatch.setattr(lives, "hold", lambda *_, **__: None)
    with respx.mock(assert_all_called=False) as router:
        router.get(f"{DEPLOYED}/notes", name="request").respond(200)
        router.put(f"{FIRST}/notes/kept", name="write").respond(204)
        router.get(f"{FIRST}/notes/kept", name="before").respond(200, text='"a"')
        router.get(f"{SECOND}/notes/kept", name="after").respond(200, text='"a"')
        yield router


def dock(restarted: FakeInstance | None = None) -> FakeDock:
    return FakeDock(
        as_deployed=FakeInstance(url=DEPLOYED),
        to_be_stopped_with_SIGTERM=FakeInstance(url=FIRST),
        restarted=restarted or FakeInstance(url=SECOND, log="starts empty"),
    )


def test_what_is_read_again_keeps_it(keeping: Space, hold: Hold, servers: respx.MockRouter) -> None:
    given = dock()
    assert hold(PROMISE, keeping, given).outcome is Outcome.KEPT
    assert servers["write"].called
    assert [order.purpose for order in given.booted] == [
        "as deployed",
        "to be stopped with SIGTERM",
        "restarted",
    ]


def test_what_is_gone_breaks_it(keeping: Space, hold: Hold, servers: respx.MockRouter) -> None:
    servers["after"].respond(404, text="Not Found")
    (problem,) = hold(PROMISE, keeping, dock()).problems
    assert problem.seen == (
        'GET /notes/kept answers 200: "a"; after a restart GET /notes/kept answers 404: Not Found'
    )
    assert problem.log == "starts empty"


def test_what_reads_otherwise_breaks_it(keeping: Space, hold: Hold, servers: respx.MockRouter) -> None:
    servers["after"].respond(200, text='""')
    assert hold(PROMISE, keeping, dock()).outcome is Outcome.BROKEN


def test_a_read_that_fails_after_a_restart_breaks_it(
    keeping: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    servers["after"].side_effect = httpx.ConnectError("gone")
    (problem,) = hold(PROMISE, keeping, dock()).problems
    assert problem.seen.endswith("after a restart GET /notes/kept is not answered: ConnectError gone")


@pytest.mark.parametrize("which", ["write", "before"])
def test_what_is_not_taken_cannot_be_kept(
    keeping: Space, hold: Hold, servers: respx.MockRouter, which: str
) -> None:
    servers[which].respond(401, text="who are you")
    given = dock()
    (problem,) = hold(PROMISE, keeping, given).problems
    assert problem.seen.startswith("it takes nothing that it could keep: ")
    assert problem.seen.endswith("/notes/kept answers 401: who are you")
    assert "restarted" not in [order.purpose for order in given.booted]


def test_a_space_whose_requests_fail_breaks_another_promise(
    keeping: Space, hold: Hold, servers: respx.MockRouter
) -> None:
    servers["request"].respond(500, text="no database")
    finding = hold(PROMISE, keeping, dock())
    assert finding.outcome is Outcome.BLOCKED
    assert "GET /notes answers 500: no database" in finding.detail


@pytest.mark.parametrize("given", [dock(restarted=FakeInstance(boot=exited(1))), Spent()])
def test_a_space_that_does_not_boot_again_breaks_another_promise(
    keeping: Space, hold: Hold, servers: respx.MockRouter, given: FakeDock
) -> None:
    servers.route(host="space.test").respond(200)
    assert hold(PROMISE, keeping, given).outcome is Outcome.BLOCKED


def test_a_manifest_without_state_is_not_asked(space: Space, hold: Hold) -> None:
    given = dock()
    assert hold(PROMISE, space, given).outcome is Outcome.NOT_ASKED
    assert given.booted == []


@pytest.mark.parametrize("lacking", [Capability.SIGNALS, Capability.DISK])
def test_a_dock_whose_disk_outlives_an_instance_cannot_show_it(
    keeping: Space, hold: Hold, lacking: Capability
) -> None:
    given = FakeDock(capabilities=frozenset(Capability) - {lacking})
    assert hold(PROMISE, keeping, given).outcome is Outcome.NOT_PROVEN
