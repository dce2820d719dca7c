from __future__ import annotations

from dataclasses import dataclass

import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import BootResult, Cause
from spacedock.docks.instance import Stop, Usage
from spacedock.evidence import staying
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.contract.misbehaving import MISBEHAVIOURS, misbehaves
from tests.unit.fakes import READY, FakeDock, FakeInstance, exited

pytestmark = pytest.mark.usefixtures("visited")

PROMISE = "stays-up"


@dataclass
class AboutToEnd(FakeInstance):
    """Lives until somebody waits for its end."""

    def ended(self, within: float) -> bool:
        self.gone = self.gone or within > 0
        return self.gone


def ending(code: int) -> FakeDock:
    return FakeDock(otherwise=AboutToEnd(stopped=Stop(0.0, code, killed=False)))


def ended(code: int, boot: BootResult = READY) -> FakeDock:
    """A Space that was ready and has ended since."""
    return FakeDock(otherwise=FakeInstance(boot=boot, gone=True, stopped=Stop(0.0, code, killed=False)))


def test_a_space_that_serves_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_a_script_that_ends_with_0_breaks_it(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(0), log="done")))
    (problem,) = finding.problems
    assert problem.seen == "it exited with code 0 after 0.30 s, as if all were well"
    assert problem.consequence == "RUNTIME_ERROR: Exit code: 0."
    assert problem.log == "done"


def test_a_server_that_ends_after_it_was_ready_breaks_it(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, ended(3))
    assert "ended by itself with code 3" in finding.problems[0].seen


def test_one_that_hangs_up_is_given_time_to_end(
    space: Space, hold: Hold, visited: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staying, "_WATCHED", 0.0)
    assert hold(PROMISE, space, ending(1)).outcome is Outcome.KEPT
    misbehaves(visited, "resets")
    assert "ended by itself with code 1" in hold(PROMISE, space, ending(1)).problems[0].seen


def test_one_that_ends_soon_after_it_was_ready_is_seen_to(space: Space, hold: Hold) -> None:
    assert "ended by itself with code 3" in hold(PROMISE, space, ending(3)).problems[0].seen


@pytest.mark.parametrize("how", MISBEHAVIOURS)
def test_one_that_lives_on_keeps_it_however_it_answers(
    space: Space, hold: Hold, visited: respx.MockRouter, how: str
) -> None:
    misbehaves(visited, how)
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_an_error_is_an_answer(space: Space, hold: Hold, visited: respx.MockRouter) -> None:
    visited["any"].respond(503)
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_a_start_that_fails_says_so_itself(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED


def test_memory_is_another_promises(space: Space, hold: Hold) -> None:
    boot = BootResult(seconds=0.5, port=8080, out_of_memory=True)
    finding = hold(PROMISE, space, ended(137, boot))
    assert finding.outcome is Outcome.BLOCKED
    assert "Memory limit exceeded" in finding.detail


def test_disk_is_another_promises_too(space: Space, hold: Hold) -> None:
    evicted = ended(137)
    evicted.when(
        "as deployed", FakeInstance(gone=True, used=Usage(exceeded=("Workload evicted, storage limit",)))
    )
    finding = hold(PROMISE, space, evicted)
    assert finding.outcome is Outcome.BLOCKED
    assert "Workload evicted" in finding.detail


def test_a_space_that_never_listens_ends_nothing(space: Space, hold: Hold) -> None:
    silent = FakeInstance(boot=BootResult(2.0, 8080, Cause.SILENT))
    assert hold(PROMISE, space, FakeDock(otherwise=silent)).outcome is Outcome.BLOCKED
