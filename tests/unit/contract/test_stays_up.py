from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import pytest
import respx

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import BootResult, BootSpec, Cause
from spacedock.docks.instance import Stop, Usage
from spacedock.evidence import boots
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import READY, FakeDock, FakeInstance, exited

PROMISE = "stays-up"


@pytest.fixture(autouse=True)
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url="http://space.test", assert_all_called=False) as router:
        router.get("/", name="ready").respond(503)  # any status is an answer
        router.get("/spacedock-no-such-page").respond(404)
        yield router


@dataclass
class Ending(FakeInstance):
    """Lives for some more looks."""

    looks: int = 3

    def alive(self) -> bool:
        self.looks -= 1
        self.gone = self.looks < 0
        return super().alive()


class AboutToEnd(FakeDock):
    """A Space that ends at the very moment."""

    def boot(self, spec: BootSpec) -> FakeInstance:
        return replace(Ending(stopped=Stop(0.0, 1, killed=False)), spec=spec)


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


def test_one_that_hangs_up_is_given_time_to_end(space: Space, hold: Hold, server: respx.MockRouter) -> None:
    server["ready"].mock(side_effect=httpx.RemoteProtocolError("hung up"))
    assert "ended by itself with code 1" in hold(PROMISE, space, AboutToEnd()).problems[0].seen


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
def test_one_that_does_not_answer_and_lives_on_keeps_it(
    space: Space, hold: Hold, server: respx.MockRouter, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(boots, "_NEWS", 0.05)
    server["ready"].mock(side_effect=error)
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
