from __future__ import annotations

from pathlib import Path

from spacedock.contract.finding import Outcome
from spacedock.contract.promises.counts_its_cpus import CountsItsCpus
from spacedock.docks.instance import Process
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock, FakeInstance, exited
from tests.unit.spaces import sound_space

PROMISE = "counts-its-cpus"
SPAWNED = "python -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle={})"


def running(workers: int, command: str = SPAWNED) -> FakeDock:
    children = (Process(10 + number, 1, command.format(number)) for number in range(workers))
    return FakeDock(otherwise=FakeInstance(running=(Process(1, 0, "python -m server"), *children)))


def test_a_space_that_counts_nothing_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, running(5)).outcome is Outcome.KEPT


def test_workers_by_the_hosts_processors_are_named_with_their_place(space: Space, hold: Hold) -> None:
    (space.root / "app.py").write_text("import os\n\nworkers = os.cpu_count()\n")
    finding = hold(PROMISE, space, FakeDock())
    assert finding.outcome is Outcome.BROKEN
    assert "app.py:3 `os.cpu_count()`; CPU_CORES is read nowhere" in finding.problems[0].seen


def test_it_is_found_in_a_space_that_does_not_boot(space: Space, hold: Hold) -> None:
    (space.root / "app.py").write_text("import os\nworkers = os.cpu_count()\n")
    dock = FakeDock(otherwise=FakeInstance(boot=exited(1)))
    assert hold(PROMISE, space, dock).outcome is Outcome.BROKEN


def test_where_no_file_tells_it_and_nothing_runs_there_is_nothing_to_see(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock(otherwise=FakeInstance(boot=exited(1)))).outcome is Outcome.BLOCKED


def test_files_alone_tell_it_and_prove_nothing(space: Space) -> None:
    with Run(space) as run:
        assert [finding.outcome for finding in run.judge([CountsItsCpus()])] == [Outcome.NOT_PROVEN]
        (space.root / "start.sh").write_text("gunicorn -w $(nproc) app:app")
    with Run(space) as run:
        assert [finding.outcome for finding in run.judge([CountsItsCpus()])] == [Outcome.BROKEN]


def test_more_processes_than_servers_recommend_are_told(space: Space, hold: Hold) -> None:
    finding = hold(PROMISE, space, running(16))
    assert finding.problems[0].seen.startswith("16 processes of `python -c from multiprocessing")
    assert finding.problems[0].seen.endswith("run on 2 vCPU")


def test_processes_of_several_commands_are_no_workers(space: Space, hold: Hold) -> None:
    names = ("writer", "checker", "logger", "cleaner", "sender", "walker", "stats")
    processes = tuple(Process(2 + number, 1, name) for number, name in enumerate(names))
    dock = FakeDock(otherwise=FakeInstance(running=processes))
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT


def test_a_number_of_workers_in_the_dockerfile_is_told_once(tmp_path: Path, hold: Hold) -> None:
    dockerfile = 'FROM python:3.11-slim\nCMD ["uvicorn", "app:app", "--workers", "16"]\n'
    dock = running(16)
    (problem,) = hold(PROMISE, sound_space(tmp_path, dockerfile=dockerfile), dock).problems
    assert dock.booted == []
    assert problem.seen == "Dockerfile:2 `--workers 16`: more than 5 workers for 2 vCPU"
