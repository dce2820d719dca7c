from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from spacedock.contract.finding import Outcome
from spacedock.docks.instance import Process, Stop
from spacedock.evidence import lives
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "stops-on-sigterm"


@pytest.fixture(autouse=True)
def in_flight(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The request that is in flight, instead of one to a server."""
    held = SimpleNamespace(line="POST /api", cut="", finished=0)
    held.finish = lambda: setattr(held, "finished", held.finished + 1)
    monkeypatch.setattr(lives, "hold", lambda *_, **__: held)
    return held


def test_a_space_that_ends_when_asked_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_it_ends_an_instance_of_its_own(space: Space, hold: Hold) -> None:
    dock = FakeDock()
    hold(PROMISE, space, dock)
    assert [order.purpose for order in dock.booted] == ["to be stopped with SIGTERM"]


@pytest.mark.parametrize(
    ("command", "unheard", "told"),
    [
        ("sh -c uvicorn app:app", True, ("(`sh -c uvicorn app:app`) is a shell", "`exec`")),
        ("/bin/bash ./start.sh", True, ("is a shell", "`exec`")),
        ("python -u bot.py", True, ("(`python -u bot.py`) has no handler", "signal.signal(signal.SIGTERM")),
        ("python -m uvicorn", False, ("hears the signal and does not end", "--timeout-graceful-shutdown")),
        ("bash", False, ("hears the signal and does not end", "daemon=True")),
    ],
)
def test_one_that_has_to_be_killed_is_told_why(
    space: Space, hold: Hold, command: str, unheard: bool, told: tuple[str, str]
) -> None:
    says, remedy = told
    stop = Stop(seconds=10.0, exit_code=137, killed=True, unheard=unheard)
    running = (Process(41, 40, "a worker"), Process(40, 1, command))
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(stopped=stop, running=running)))
    (problem,) = finding.problems
    assert "still running 10 s after SIGTERM" in problem.seen
    assert "SIGKILL ended it (exit code 137)" in problem.seen
    assert says in problem.seen
    assert remedy in problem.remedy


class Patient(FakeInstance):
    """Takes as long as it is given, and is killed then."""

    def stop(self, grace: float, meanwhile: Callable[[], None] | None = None) -> Stop:
        super().stop(grace, meanwhile)
        return Stop(seconds=grace, exit_code=int(grace), killed=True)


def test_the_grace_is_the_readmes(tmp_path: Path, hold: Hold) -> None:
    readme = "---\nsdk: docker\ntermination_grace_period: 2m\n---\n"
    space = sound_space(tmp_path, readme=readme)
    (problem,) = hold(PROMISE, space, FakeDock(otherwise=Patient())).problems
    assert "still running 120 s" in problem.seen
    assert "exit code 120" in problem.seen


def test_a_server_that_outlives_its_shell_breaks_it(space: Space, hold: Hold) -> None:
    deaf = FakeInstance(stopped=Stop(seconds=0.1, exit_code=143, killed=False, orphans=("python -m app",)))
    finding = hold(PROMISE, space, FakeDock(otherwise=deaf))
    assert "python -m app" in finding.problems[0].seen


def test_a_server_that_would_not_hear_it_as_pid_1_breaks_it(space: Space, hold: Hold) -> None:
    deaf = FakeInstance(stopped=Stop(seconds=0.1, exit_code=143, killed=False, unheard=True))
    finding = hold(PROMISE, space, FakeDock(otherwise=deaf))
    assert "no handler for SIGTERM" in finding.problems[0].seen


def test_a_space_that_never_started_cannot_be_stopped(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED
