"""`spacedock up`, as a failure is reproduced by hand: until Ctrl-C, and then nothing is left."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from spacedock.engine import Engine
from spacedock.runs import cache_folder, is_alive
from tests.integration.specimens import BOUND_TO_LOOPBACK

ROOT = Path(__file__).parents[2]


@contextmanager
def up(place: Path, dock: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command in a process group of its own, as a terminal does."""
    with subprocess.Popen(
        [sys.executable, "-m", "spacedock", "up", str(place), f"--dock={dock}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        try:
            yield command
        finally:
            command.kill()


def runs_alive() -> set[str]:
    return {folder.name for folder in cache_folder("runs").iterdir() if is_alive(folder.name)}


def children(command: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(command.pid).children(recursive=True)


def test_it_answers_until_ctrl_c_and_leaves_nothing(dock_name: str) -> None:
    before = runs_alive()
    with up(ROOT, dock_name) as command:
        assert command.stdout
        url = next(found[0] for line in command.stdout if (found := re.search(r"http://\S+:\d+", line)))
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        (ours,) = runs_alive() - before
        family = children(command)
        command.send_signal(signal.SIGINT)
        rest = command.communicate(timeout=60)[0]
    assert command.returncode == 0
    assert rest.endswith("ended\n")
    assert not is_alive(ours)
    assert not [process for process in family if process.is_running()]
    if dock_name == "image":
        assert not containers_of(ours)


def test_a_space_that_does_not_answer_can_be_looked_at_too(dock_name: str, tmp_path: Path) -> None:
    BOUND_TO_LOOPBACK.write(tmp_path / "space")
    with up(tmp_path / "space", dock_name) as command:
        assert command.stdout
        assert any("bound to loopback only" in line for line in command.stdout)
        assert any("Uvicorn running" in line for line in command.stdout)
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=60)
    assert command.returncode == 0


def containers_of(run: str) -> list[object]:
    engine = Engine.connect()
    try:
        mine: dict[str, str | list[str] | bool] = {"label": f"hf-spacedock.run={run}"}
        return list(engine.client.containers.list(all=True, filters=mine))
    finally:
        engine.close()
