from __future__ import annotations

from pathlib import Path

from spacedock.contract.finding import Outcome
from spacedock.contract.promises.runs_no_reloader import RunsNoReloader
from spacedock.docks.instance import Process
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "runs-no-reloader"
RELOADED = 'FROM python:3.11-slim\nCMD ["uvicorn", "app:app", "--reload"]\n'


def running(*commands: str, log: str = "") -> FakeDock:
    processes = tuple(Process(1 + number, number, command) for number, command in enumerate(commands))
    return FakeDock(otherwise=FakeInstance(running=processes, log=log))


def test_a_server_that_only_serves_keeps_it(space: Space, hold: Hold) -> None:
    log = "INFO:     Started server process [1]"
    assert hold(PROMISE, space, running("python uvicorn app:app", log=log)).outcome is Outcome.KEPT


def test_a_reloader_among_the_processes_is_named(space: Space, hold: Hold) -> None:
    dock = running("sh start.sh", "uvicorn app:app --reload", log="the last line")
    (problem,) = hold(PROMISE, space, dock).problems
    assert problem.seen == ("`uvicorn app:app --reload` runs: it starts the server anew when a file changes")
    assert problem.log == "the last line"


def test_one_that_code_switches_on_gives_itself_away_in_the_log(space: Space, hold: Hold) -> None:
    dock = running("python app.py", log="INFO:     Started reloader process [1] using StatReload")
    (problem,) = hold(PROMISE, space, dock).problems
    assert problem.seen.startswith("its log has `INFO:     Started reloader process [1] using StatReload`")


def test_a_dock_that_shows_no_processes_leaves_the_dockerfile(tmp_path: Path, hold: Hold) -> None:
    (problem,) = hold(PROMISE, sound_space(tmp_path, dockerfile=RELOADED), FakeDock()).problems
    assert problem.seen.startswith("Dockerfile:2 starts `uvicorn app:app --reload`")


def test_it_is_told_once_though_it_is_seen_in_both(tmp_path: Path, hold: Hold) -> None:
    dock = running("uvicorn app:app --reload")
    finding = hold(PROMISE, sound_space(tmp_path, dockerfile=RELOADED), dock)
    assert len(finding.problems) == 1
    assert dock.booted == []  # which it need not be


def test_a_long_command_is_shown_by_its_beginning(space: Space, hold: Hold) -> None:
    (problem,) = hold(PROMISE, space, running(f"uvicorn {'x' * 200} --reload")).problems
    assert f"`uvicorn {'x' * 112}…` runs" in problem.seen


def test_a_reloader_whose_server_does_not_start_is_found_in_the_dockerfile(
    tmp_path: Path, hold: Hold
) -> None:
    dock = FakeDock(otherwise=FakeInstance(boot=exited(1)))
    finding = hold(PROMISE, sound_space(tmp_path, dockerfile=RELOADED), dock)
    assert finding.outcome is Outcome.BROKEN


def test_files_alone_tell_of_it(tmp_path: Path) -> None:
    with Run(sound_space(tmp_path, dockerfile=RELOADED)) as run:
        assert [finding.outcome for finding in run.judge([RunsNoReloader()])] == [Outcome.BROKEN]


def test_and_cannot_tell_that_there_is_none(space: Space) -> None:
    with Run(space) as run:
        assert [finding.outcome for finding in run.judge([RunsNoReloader()])] == [Outcome.NOT_PROVEN]


def test_a_space_that_does_not_boot_cannot_be_looked_at(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED


def test_nor_can_one_that_has_ended_since(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(gone=True))).outcome is Outcome.BLOCKED
