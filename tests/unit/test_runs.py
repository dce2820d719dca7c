"""What a run leaves behind when it ends, and when it is killed. Real processes, no Docker."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from spacedock import runs
from spacedock.errors import MachineError
from spacedock.runs import HOST_LABEL, RUN_LABEL, cache_folder, host, is_alive, open_run

# A harness that starts a process, adopts it, says who both are, and waits to be killed.
HARNESS = """
import subprocess, sys
from spacedock.runs import open_run

with open_run() as run:
    child = subprocess.Popen({command!r}, start_new_session=True, stdout=subprocess.DEVNULL)
    run.adopt(child.pid)
    print(run.id, child.pid, flush=True)
    sys.stdin.read()
"""
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
# Its leader starts another process in the group, says so, and goes.
ORPHANER = ["sh", "-c", "sleep 600 & exit 0"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPACEDOCK_CACHE", str(tmp_path))
    return tmp_path


def harness(command: list[str]) -> tuple[subprocess.Popen[str], str, int]:
    """Start a harness with one adopted process; the run's id and the process's."""
    process = subprocess.Popen(
        [sys.executable, "-c", HARNESS.format(command=command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    run_id, pid = process.stdout.readline().split()
    return process, run_id, int(pid)


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def group(pid: int) -> set[int]:
    """Every process of the group that still does something."""
    members = set()
    for process in psutil.process_iter(["status"]):
        try:
            if os.getpgid(process.pid) == pid and process.info["status"] != psutil.STATUS_ZOMBIE:
                members.add(process.pid)
        except ProcessLookupError:
            continue
    return members


def test_a_run_is_alive_until_it_ends() -> None:
    with open_run() as run:
        assert is_alive(run.id)
    assert not is_alive(run.id)


def test_the_scratch_folder_goes_with_the_run() -> None:
    with open_run() as run:
        (run.folder / "deep").mkdir()
        (run.folder / "deep" / "file").touch()
    assert not run.folder.exists()


def test_the_space_user_can_read_the_scratch_folder() -> None:
    with open_run() as run:
        assert stat.S_IMODE(run.folder.stat().st_mode) == 0o755


def test_labels_name_the_run_and_its_host() -> None:
    with open_run() as run:
        assert run.labels == {RUN_LABEL: run.id, HOST_LABEL: host()}


def test_a_host_keeps_its_name() -> None:
    assert host() == host()


def test_two_hosts_of_one_name_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = host()
    monkeypatch.setenv("SPACEDOCK_CACHE", str(tmp_path / "elsewhere"))
    assert host() != here


def test_a_run_that_was_killed_is_dead() -> None:
    process, run_id, pid = harness(SLEEPER)
    assert is_alive(run_id)
    kill(process)
    assert not is_alive(run_id)
    os.killpg(pid, signal.SIGKILL)


@pytest.mark.parametrize("command", [SLEEPER, ORPHANER], ids=["leader", "group without its leader"])
def test_the_next_run_ends_what_a_killed_one_started(command: list[str]) -> None:
    process, run_id, pid = harness(command)
    kill(process)
    assert group(pid)
    with open_run() as run:
        assert not group(pid)
        assert not (run.folder.parent / run_id).exists()


def test_a_living_run_keeps_its_processes_and_folder() -> None:
    process, run_id, pid = harness(SLEEPER)
    with open_run() as run:
        assert group(pid)
        assert (run.folder.parent / run_id).is_dir()
    process.communicate("")
    assert not group(pid)


def test_a_process_that_was_given_a_dead_ones_number_is_spared() -> None:
    with subprocess.Popen(SLEEPER, start_new_session=True) as bystander, open_run() as run:
        started = psutil.Process(bystander.pid).create_time()
        (run.folder / runs._JOURNAL).write_text(f"{bystander.pid} {started - 3600}\n")
        runs._clear(run.folder)
        assert bystander.poll() is None
        bystander.kill()


@pytest.fixture
def leaderless() -> Iterator[int]:
    """The number of a group whose leader is gone."""
    with subprocess.Popen(ORPHANER, start_new_session=True) as leader:
        leader.wait()
    yield leader.pid
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)


def end_what_started(folder: Path, pid: int, started: float) -> None:
    (folder / runs._JOURNAL).write_text(f"{pid} {started}\n")
    runs._clear(folder)


def test_a_group_without_its_leader_is_ended(tmp_path: Path, leaderless: int) -> None:
    end_what_started(tmp_path, leaderless, psutil.boot_time() + 1)
    assert not group(leaderless)


def test_a_group_that_was_given_a_number_from_before_the_boot_is_spared(
    tmp_path: Path, leaderless: int
) -> None:
    end_what_started(tmp_path, leaderless, psutil.boot_time() - 1)
    assert group(leaderless)


def test_a_process_that_is_gone_needs_no_adoption() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
        with open_run() as run:
            run.adopt(gone.pid)


@pytest.mark.parametrize("nonsense", ["", ".", "../runs", "no-such-run"])
def test_what_is_no_run_is_not_alive(nonsense: str) -> None:
    assert not is_alive(nonsense)


def test_a_cache_folder_is_made(cache: Path) -> None:
    assert cache_folder("venvs") == cache / "venvs"
    assert (cache / "venvs").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's cache is opened to others; run the tests as root")
def test_roots_cache_can_be_read_by_everybody(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    folder = cache_folder("venvs")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_in_a_cache_that_others_use_too_only_runs_are_swept(cache: Path) -> None:
    for name in ("mine", "0123456789ab"):  # a name like a run's, and no lock in it
        (cache / "runs" / name).mkdir(parents=True)
        (cache / "runs" / name / "notes").write_text("mine")
    with open_run():
        pass
    assert sorted(path.parent.name for path in cache.glob("runs/*/notes")) == ["0123456789ab", "mine"]


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o1777])
def test_a_chosen_cache_loses_no_mode(cache: Path, mode: int) -> None:
    cache.chmod(mode)
    cache_folder("runs")
    assert stat.S_IMODE(cache.stat().st_mode) & mode == mode


def test_a_full_disk_is_known_before_anything_is_built(cache: Path) -> None:
    with pytest.raises(MachineError, match=r"is full: .* a run needs") as caught, open_run(least=2**62):
        raise AssertionError("it was opened")
    assert "SPACEDOCK_CACHE" in caught.value.remedy
    assert [path.name for path in (cache / "runs").iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_cache_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuses)
    with pytest.raises(MachineError, match=os.strerror(number)), open_run():
        raise AssertionError("it was opened")


def test_a_cache_that_is_a_file_is_told(cache: Path) -> None:
    (cache / "runs").touch()
    with pytest.raises(MachineError, match="cannot be written"):
        cache_folder("runs")
