"""`python -m backend` as the platform runs it: a process with an environment and no `.env`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from backend.config import Settings
from tests.unit.backend.conftest import CANARIES, REQUIRED, SOUND

ROOT = Path(__file__).parents[3]
NAMES = tuple(name.upper() for name in Settings.model_fields)
# Nobody listens there, and nothing leaves this machine.
UNREACHABLE = {
    "DATABASE_URL": "postgresql://owner:postgres-canary@127.0.0.1:1/textbook",
    "QDRANT_URL": "http://127.0.0.1:1",
}


@contextmanager
def backend(folder: Path, environment: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    scrubbed = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "backend", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=scrubbed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def refused(folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    with backend(folder, environment) as process:
        output, _ = process.communicate(timeout=20)
        return process.returncode, output


def test_a_missing_setting_ends_the_start_with_78_and_one_message(tmp_path: Path) -> None:
    given = {name: value for name, value in SOUND.items() if name != "QDRANT_URL"}
    code, output = refused(tmp_path, given)
    assert code == 78
    assert [name for name in NAMES if name in output] == ["QDRANT_URL"]
    assert "Traceback" not in output
    assert [canary for canary in CANARIES if canary in output] == []


def test_blank_settings_end_the_start_too(tmp_path: Path) -> None:
    code, output = refused(tmp_path, dict.fromkeys(REQUIRED, " \n"))
    assert code == 78
    assert tuple(name for name in NAMES if name in output) == REQUIRED


def test_an_invalid_setting_ends_the_start_without_its_value(tmp_path: Path) -> None:
    code, output = refused(tmp_path, {**SOUND, "DATABASE_URL": "mysql://owner:postgres-canary@db.example/x"})
    assert code == 78
    assert [name for name in NAMES if name in output] == ["DATABASE_URL"]
    assert "canary" not in output


def test_it_serves_with_its_services_away_and_stops_when_asked(tmp_path: Path) -> None:
    with backend(tmp_path, {**SOUND, **UNREACHABLE}, "--port", "0") as process:
        assert process.stdout is not None
        log, url = "", None
        while url is None:
            line = process.stdout.readline()
            assert line, f"it ended before it served:\n{log}"
            log += line
            url = re.search(r"running on (http://127\.0\.0\.1:\d+)", line)
        assert httpx.get(f"{url[1]}/health", trust_env=False, timeout=20).status_code == 200
        assert httpx.get(f"{url[1]}/ready", trust_env=False, timeout=20).json()["missing"] == [
            "postgres",
            "qdrant",
        ]
        process.send_signal(signal.SIGTERM)
        log += process.communicate(timeout=20)[0]
    assert process.returncode == 0
    assert [canary for canary in CANARIES if canary in log] == []
    assert "postgres is away: it refuses connections" in log
    assert "qdrant is away: it refuses connections" in log
    assert "Warning" not in log


def test_the_first_answer_does_not_wait_for_the_clients_of_the_services() -> None:
    clients = {"qdrant_client", "psycopg", "numpy", "httpx"}
    code = f"import backend.server, sys; print({clients!r} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, timeout=20, capture_output=True, text=True
    )
    assert done.stdout == "set()\n"
