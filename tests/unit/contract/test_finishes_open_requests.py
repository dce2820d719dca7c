from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from spacedock.contract.finding import Outcome
from spacedock.docks.instance import Stop
from spacedock.evidence import lives
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance
from tests.unit.spaces import sound_space

PROMISE = "finishes-open-requests"


@pytest.fixture(autouse=True)
def in_flight(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The request that is in flight, instead of one to a server."""
    held = SimpleNamespace(line="POST /api", cut="", finished=0)
    held.finish = lambda: setattr(held, "finished", held.finished + 1)
    monkeypatch.setattr(lives, "hold", lambda *_, **__: held)
    return held


def test_a_request_in_flight_is_finished_while_it_stops(
    space: Space, hold: Hold, in_flight: SimpleNamespace
) -> None:
    hold(PROMISE, space, FakeDock())
    assert in_flight.finished == 1


def test_a_request_that_is_cut_off_breaks_it(space: Space, hold: Hold, in_flight: SimpleNamespace) -> None:
    in_flight.cut = "was cut off (ConnectionResetError)"
    (problem,) = hold(PROMISE, space, FakeDock()).problems
    assert problem.seen == "POST /api, half read when SIGTERM came, was cut off (ConnectionResetError)"
    assert "finish the requests" in problem.remedy


def test_the_request_of_one_that_has_to_be_killed_is_no_matter_of_its_own(
    space: Space, hold: Hold, in_flight: SimpleNamespace
) -> None:
    in_flight.cut = "was cut off (RemoteDisconnected)"
    deaf = FakeInstance(stopped=Stop(seconds=10.0, exit_code=137, killed=True))
    assert hold(PROMISE, space, FakeDock(otherwise=deaf)).problems == ()


def test_without_a_request_in_the_manifest_nothing_is_asked(tmp_path: Path, hold: Hold) -> None:
    quiet = sound_space(tmp_path, manifest='[space]\nid = "owner/name"\n')
    assert hold(PROMISE, quiet, FakeDock()).outcome is Outcome.NOT_ASKED


def test_where_no_request_can_be_held_nothing_is_seen(
    space: Space, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lives, "hold", lambda *_, **__: None)
    finding = hold(PROMISE, space, FakeDock())
    assert finding.outcome is Outcome.NOT_PROVEN
    assert "no request could be held open" in finding.detail
