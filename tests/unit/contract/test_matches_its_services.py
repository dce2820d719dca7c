from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import respx

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Level
from spacedock.docks.capability import Capability
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import SOUND_MANIFEST, sound_space

PROMISE = "matches-its-services"
ADVICE = "Major versions should match and minor version difference must not exceed 1."


@pytest.fixture
def asking(tmp_path: Path) -> Space:
    return sound_space(tmp_path, manifest=SOUND_MANIFEST + '[[requests]]\npath = "/notes"\n')


@pytest.fixture(autouse=True)
def notes() -> Iterator[respx.Route]:
    with respx.mock(assert_all_called=False) as router:
        yield router.get("http://space.test/notes").respond(200)


def read(log: str, space: Space, hold: Hold) -> Finding:
    return hold(PROMISE, space, FakeDock(as_deployed=FakeInstance(log=log)))


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (
            "app.py:9: UserWarning: Qdrant client version 1.16.2 is incompatible with server version 1.8.3. "
            + ADVICE,
            "Qdrant client version 1.16.2 is incompatible with server version 1.8.3",
        ),
        (
            "Client version 1.16.0 is incompatible with server version 1.8.3. " + ADVICE,
            "Client version 1.16.0 is incompatible with server version 1.8.3",
        ),
        (
            "Server at db:27017 reports wire version 5, but this version of PyMongo requires at least 8.",
            "reports wire version 5, but this version of PyMongo requires at least 8",
        ),
    ],
)
def test_a_client_that_warns_of_its_server_breaks_it(space: Space, hold: Hold, line: str, seen: str) -> None:
    (problem,) = read(f"INFO: started\n{line}\nINFO: ready\n", space, hold).problems
    assert problem.seen == seen
    assert line in problem.log


def test_what_is_said_twice_is_told_once(space: Space, hold: Hold) -> None:
    line = "Qdrant client version 1.16.2 is incompatible with server version 1.20.0.\n"
    assert len(read(line * 2, space, hold).problems) == 1


@pytest.mark.parametrize(
    "log",
    [
        "INFO:     Uvicorn running on http://0.0.0.0:7860",
        "UserWarning: Failed to obtain server version. Unable to check client-server compatibility.",
        "client version 1.20.0, server version 1.19.1",
    ],
)
def test_a_log_without_such_words_keeps_it(space: Space, hold: Hold, log: str) -> None:
    assert read(log, space, hold).outcome is Outcome.KEPT


def test_the_requests_are_asked_before_the_log_is_read(asking: Space, hold: Hold, notes: respx.Route) -> None:
    assert read("", asking, hold).outcome is Outcome.KEPT
    assert notes.called


def test_a_request_that_is_reset_is_for_another_promise(
    asking: Space, hold: Hold, notes: respx.Route
) -> None:
    notes.mock(side_effect=httpx.ReadError("reset"))
    line = "Qdrant client version 1.16.2 is incompatible with server version 1.20.0."
    assert read("", asking, hold).outcome is Outcome.BLOCKED
    assert read(line, asking, hold).outcome is Outcome.BROKEN


def test_a_space_that_does_not_boot_is_not_judged(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(as_deployed=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED


def test_a_space_without_services_is_not_asked(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest="[secrets]\nTOKEN = {}\n")
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.NOT_ASKED


def test_a_dock_without_services_cannot_show_it(space: Space, hold: Hold) -> None:
    given = FakeDock(capabilities=frozenset(Capability) - {Capability.SERVICES})
    assert hold(PROMISE, space, given).outcome is Outcome.NOT_PROVEN


def test_it_is_good_practice_and_no_more(space: Space, hold: Hold) -> None:
    assert read("", space, hold).promise.level is Level.SHOULD
