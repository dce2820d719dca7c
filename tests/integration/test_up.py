"""`spacedock up`, as a failure is reproduced by hand: until Ctrl-C, and then nothing is left."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import httpx

from spacedock.runs import is_alive
from tests.integration.commands import family, on_the_engine, run_of, spacedock
from tests.integration.specimens import BOUND_TO_LOOPBACK, ROOT


def test_it_answers_until_ctrl_c_and_leaves_nothing(dock_name: str) -> None:
    with spacedock("up", ROOT, dock_name) as process:
        assert process.stdout
        url = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+:\d+", line)))
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        ours = run_of(process)
        started = family(process)
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert rest.endswith("ended\n")
    assert not is_alive(ours)
    assert not [child for child in started if child.is_running()]
    if dock_name == "image":
        assert on_the_engine(ours) == []


def test_a_space_that_does_not_answer_can_be_looked_at_too(dock_name: str, tmp_path: Path) -> None:
    BOUND_TO_LOOPBACK.write(tmp_path / "space")
    with spacedock("up", tmp_path / "space", dock_name) as process:
        assert process.stdout
        assert any("bound to loopback only" in line for line in process.stdout)
        assert any("Uvicorn running" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
