"""`spacedock up`, as a failure is reproduced by hand: until Ctrl-C, and then nothing is left."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
from pathlib import Path

import httpx

from spacedock.edge.transport import trusting
from spacedock.failures.catalogue import find
from spacedock.failures.specimen import write
from spacedock.runs import is_alive
from tests.integration.commands import ROOT, family, on_the_engine, run_of, spacedock


def test_it_answers_until_ctrl_c_and_leaves_nothing(dock_name: str) -> None:
    with spacedock("up", ROOT, dock_name) as process:
        assert process.stdout
        url = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+:\d+", line)))
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        logged = next(line for line in process.stdout if line.startswith("{"))
        assert json.loads(logged)["level"] == "info"  # a line of its log, however long, is one here too
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


def test_with_an_edge_it_says_how_a_client_comes_in_and_the_space_sees_its_own_host(
    dock_name: str, needs_image_dock: None
) -> None:
    with spacedock("up", ROOT, dock_name, "--edge") as process:
        assert process.stdout
        said = iter(process.stdout)
        opened = [next(found[0] for line in said if (found := re.search(r"https://[\w.-]+:\d+", line)))]
        opened += re.findall(r"https://[\w.-]+:\d+", next(said))
        trust = next(found[1] for line in said if (found := re.match(r"trust +(\S+)", line)))
        (curl,) = re.findall(r"curl .*", next(said))
        for url in opened:
            answer = httpx.get(url, verify=trusting(Path(trust).read_text()), trust_env=False)
            assert answer.status_code == 200
            assert answer.headers["x-proxied-path"] == "/"
        asked = subprocess.run(
            [*shlex.split(curl), "--silent", "--noproxy", "*", "--head"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert asked.stdout.startswith("HTTP/2 200")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert not Path(trust).exists()


def test_a_command_is_run_where_the_space_runs_before_anybody_looks(dock_name: str) -> None:
    with spacedock("up", ROOT, dock_name, "--run=python -m backend.ingest") as process:
        assert process.stdout
        said = iter(process.stdout)
        assert any(" added, 0 changed, 0 removed, 0 unchanged" in line for line in said)
        url = next(found[0] for line in said if (found := re.search(r"http://\S+:\d+", line)))
        assert httpx.get(f"{url}/ready", trust_env=False, timeout=20).json()["missing"] == []
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_command_that_fails_is_told(dock_name: str) -> None:
    with spacedock("up", ROOT, dock_name, "--run=python -m backend.ingest /nowhere") as process:
        told, error = process.communicate(timeout=120)
    assert "/nowhere" in told
    assert "`python -m backend.ingest /nowhere` ended with code 2" in error
    assert process.returncode == 6


def test_a_space_that_does_not_answer_can_be_looked_at_too(dock_name: str, tmp_path: Path) -> None:
    write(find("bind-loopback"), tmp_path / "space")
    with spacedock("up", tmp_path / "space", dock_name) as process:
        assert process.stdout
        assert any("bound to loopback only" in line for line in process.stdout)
        assert any("Uvicorn running" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
