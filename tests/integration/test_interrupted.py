"""Nothing is left behind by a gate that was interrupted, nor, after the next run, by one that was killed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from spacedock.engine import Engine
from spacedock.failures.baselines import baseline
from spacedock.runs import cache_folder, is_alive, open_run
from tests.integration.commands import ROOT, family, on_the_engine, run_of, spacedock

pytestmark = pytest.mark.alone
WAITING = """
import time
def test_it(spacedock_instance):
    print("it is up", flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def no_signal_is_ignored() -> Iterator[None]:
    """What this suite ignores, as under nohup, its children do, and what they are sent is no news."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def wait_for_first_check(process: subprocess.Popen[str]) -> None:
    """Return once the first promise was held to a Space that is up, and others are being judged."""
    assert process.stderr
    assert any("answers-cors-preflight kept" in line for line in process.stderr)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_of_a_check_leaves_nothing(dock_name: str, number: signal.Signals) -> None:
    with spacedock("check", ROOT, dock_name) as process:
        wait_for_first_check(process)
        ours = run_of(process)
        started = family(process)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    assert_nothing_is_left(ours, started, dock_name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_of_a_test_leaves_nothing(
    tmp_path: Path, dock_name: str, number: signal.Signals
) -> None:
    place = shutil.copytree(baseline("web"), tmp_path / "space")
    (place / "test_space.py").write_text(WAITING)
    command = [sys.executable, "-m", "pytest", "-s", "-q", f"--dock={dock_name}", "--rootdir=."]
    with subprocess.Popen(
        [*command, "test_space.py"], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout
            assert any("it is up" in line for line in process.stdout)
            ours = run_of(process)
            started = family(process)
            process.send_signal(number)
            told, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 128 + number, told
    assert "ended by a signal" in told
    assert_nothing_is_left(ours, started, dock_name)


def test_what_a_killed_check_left_goes_with_the_next_run(dock_name: str) -> None:
    with spacedock("check", ROOT, dock_name) as process:
        wait_for_first_check(process)
        ours = run_of(process)
        started = family(process)
        process.kill()
        process.communicate(timeout=60)
    if dock_name == "image":
        assert on_the_engine(ours)
    else:
        assert [child for child in started if child.is_running()]
    with open_run():
        if dock_name == "image":
            engine = Engine.connect()
            engine.sweep()
            engine.close()
    assert_nothing_is_left(ours, started, dock_name)


def assert_nothing_is_left(run: str, started: list[psutil.Process], dock: str) -> None:
    assert not is_alive(run)
    assert not (cache_folder("runs") / run).exists()
    assert [process for process in started if process.is_running()] == []
    if dock == "image":
        assert on_the_engine(run) == []
