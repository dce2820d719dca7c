from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.docks.boots import BootResult, Cause, Listener
from spacedock.docks.conditions import StartWindow
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited, listening
from tests.unit.spaces import sound_space

PROMISE = "starts-in-time"
LOADING = BootResult(2.0, 8080, Cause.SILENT, window=StartWindow(60, 1 / 30))


def test_a_space_that_is_ready_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_a_space_that_loads_for_too_long_is_told_what_the_platform_shows(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=LOADING)))
    (problem,) = finding.problems
    assert problem.seen == "no HTTP answer on port 8080 after 2 s here, 1 min there; it listens on nothing"
    assert problem.consequence == ("RUNTIME_ERROR: Launch timed out, workload was not healthy after 1 min.")


def test_where_nothing_listens_and_nothing_works_there_is_no_server(space: Space, hold: Hold) -> None:
    boot = replace(LOADING, idle=True)
    (problem,) = hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=boot))).problems
    assert "there is no server in it" in problem.seen
    assert "preload" not in problem.remedy


def test_a_helper_that_listens_is_not_the_server(space: Space, hold: Hold) -> None:
    boot = BootResult(2.0, 8080, Cause.SILENT, listeners=(Listener("0.0.0.0", 9090),))
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=boot))).outcome is Outcome.BROKEN


@pytest.mark.parametrize(
    "boot",
    [
        exited(1),
        listening(Cause.LOOPBACK, "127.0.0.1", 8080),
        listening(Cause.OTHER_PORT, "0.0.0.0", 8000),
        listening(Cause.SILENT, "0.0.0.0", 8080),
    ],
    ids=lambda boot: str(boot.cause),
)
def test_a_space_that_fails_otherwise_breaks_another_promise(
    space: Space, hold: Hold, boot: BootResult
) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=boot))).outcome is Outcome.BLOCKED


def test_the_window_is_the_front_matters(tmp_path: Path) -> None:
    readme = "---\nsdk: docker\nstartup_duration_timeout: 2 hours\n---\n"
    assert sound_space(tmp_path / "own", readme=readme).startup_seconds == 7200
    assert sound_space(tmp_path / "default").startup_seconds == 1800
