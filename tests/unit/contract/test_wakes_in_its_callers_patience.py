from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Level
from spacedock.docks.boots import BootResult
from spacedock.docks.capability import Capability
from spacedock.evidence import lives
from spacedock.evidence.boots import RESTARTED, TO_BE_STOPPED
from spacedock.evidence.waking import Waking, Woken
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.edges import FakeEdge
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "wakes-in-its-callers-patience"
SLEEPING, WOKEN = TO_BE_STOPPED.purpose, RESTARTED.purpose


@pytest.fixture(autouse=True)
def _no_request_is_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lives, "hold", lambda *_, **__: None)


def patient(folder: Path, seconds: float | None) -> Space:
    said = "" if seconds is None else f"[origins]\npatience = {seconds}\n"
    return sound_space(folder, manifest=said)


def answering(status: int) -> FakeEdge:
    return FakeEdge(lambda _request: httpx.Response(status))


def dock_of(seconds: float) -> FakeDock:
    """A Space whose start takes so many seconds."""
    awake = FakeInstance(boot=BootResult(seconds=seconds, port=8080), in_front=answering(200))
    return FakeDock().when(SLEEPING, FakeInstance(in_front=answering(503))).when(WOKEN, awake)


def test_callers_who_wait_longer_than_it_takes_keep_it(tmp_path: Path, hold: Hold) -> None:
    finding = hold(PROMISE, patient(tmp_path, 30), dock_of(4.0))
    assert (finding.outcome, finding.promise.level) == (Outcome.KEPT, Level.SHOULD)


@pytest.mark.parametrize(("patience", "says"), [(0, "0 s"), (2.5, "2.5 s")])
def test_callers_who_give_up_before_break_it(tmp_path: Path, hold: Hold, patience: float, says: str) -> None:
    (problem,) = hold(PROMISE, patient(tmp_path, patience), dock_of(4.0)).problems
    assert problem.seen == (
        "who calls while it sleeps gets 503, and is answered after 4.0 s at the earliest; its callers give "
        f"up after {says}"
    )


def test_a_manifest_that_does_not_say_is_not_asked(tmp_path: Path, hold: Hold) -> None:
    assert hold(PROMISE, patient(tmp_path, None), dock_of(4.0)).outcome is Outcome.NOT_ASKED


@pytest.mark.parametrize("lacking", [Capability.EDGE, Capability.SIGNALS])
def test_a_dock_that_cannot_put_it_to_sleep_cannot_show_it(
    tmp_path: Path, hold: Hold, lacking: Capability
) -> None:
    dock = FakeDock(capabilities=frozenset(Capability) - {lacking})
    assert hold(PROMISE, patient(tmp_path, 30), dock).outcome is Outcome.NOT_PROVEN


def test_it_boots_no_more_than_what_is_stopped_and_restarted_anyway(tmp_path: Path, hold: Hold) -> None:
    dock = dock_of(4.0)
    finding = hold(PROMISE, patient(tmp_path, 30), dock)
    assert dock.booted == [TO_BE_STOPPED, RESTARTED]
    (wanted,) = finding.promise.wants(patient(tmp_path / "other", 30))
    assert wanted.boots(patient(tmp_path / "another", 30)) == (TO_BE_STOPPED, RESTARTED)


def test_one_that_does_not_wake_is_another_promise(tmp_path: Path, hold: Hold) -> None:
    dock = dock_of(4.0).when(WOKEN, FakeInstance(boot=exited(1)))
    assert hold(PROMISE, patient(tmp_path, 30), dock).outcome is Outcome.BLOCKED


def test_an_edge_that_hangs_up_while_it_sleeps_gives_no_answer(tmp_path: Path, hold: Hold) -> None:
    def resets(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    dock = dock_of(4.0).when(SLEEPING, FakeInstance(in_front=FakeEdge(resets)))
    (problem,) = hold(PROMISE, patient(tmp_path, 1), dock).problems
    assert problem.seen.startswith("who calls while it sleeps gets no answer, and is answered after 4.0 s")


def woken(space: Space, dock: FakeDock) -> Waking:
    with Run(space, dock) as run:
        return run.look(Woken())


def test_who_is_answered_in_the_end_hangs_on_their_patience(tmp_path: Path) -> None:
    woke = woken(patient(tmp_path, 30), dock_of(4.0))
    assert woke.answering(30) == RESTARTED
    assert woke.answering(1) == TO_BE_STOPPED
    assert (woke.turned_away, woke.status) == (503, 200)


def test_the_time_that_the_answer_takes_counts_too(tmp_path: Path) -> None:
    assert 4.0 < woken(patient(tmp_path, 30), dock_of(4.0)).seconds < 5.0
