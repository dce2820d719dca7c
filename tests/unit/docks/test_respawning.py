"""What is started again and again is known by what its supervisor writes."""

from __future__ import annotations

import pytest

from spacedock.docks.respawning import ENOUGH, restarts


@pytest.mark.parametrize(
    "line",
    [
        "[2026-11-28 09:00:00 +0000] [{n}] [INFO] Worker exiting (pid: {n})",
        "[2026-11-28 09:00:00 +0000] [1] [ERROR] Worker (pid:{n}) exited with code 1.",
        "INFO:     Child process [{n}] died",
        "2026-11-28 09:00:00,000 INFO exited: web (exit status 1; not expected)",
        "PM2        | App [web:0] exited with code [1] via signal [SIGINT]",
        "[ERROR] Unexpected exit from worker-1",
    ],
)
def test_each_end_of_a_server_is_counted(line: str) -> None:
    assert restarts("".join(f"{line}\n".format(n=number) for number in range(20, 23))) == 3


def test_a_worker_that_two_lines_name_ended_once() -> None:
    assert restarts("Worker exiting (pid: 8)\nWorker (pid:8) exited with code 1") == 1


@pytest.mark.parametrize(
    "line",
    [
        "gave up: web entered FATAL state, too many start retries too quickly",
        "[nodemon] app crashed - waiting for file changes before starting...",
    ],
)
def test_what_was_given_up_is_not_tried_again(line: str) -> None:
    assert restarts(line) == ENOUGH


def test_workers_that_only_start_do_not_end() -> None:
    assert restarts("Booting worker with pid: 8\nBooting worker with pid: 9\n" * 9) == 0
