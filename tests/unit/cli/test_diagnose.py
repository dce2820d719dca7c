"""`spacedock diagnose`, as somebody meets it who has nothing but a log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spacedock.cli import app
from spacedock.errors import UsageError

LOG = "INFO:     Application startup complete.\nINFO:     Uvicorn running on http://127.0.0.1:8000\n"


def said(*arguments: str, pasted: str = "") -> Result:
    return CliRunner().invoke(app, ["diagnose", *arguments], input=pasted, catch_exceptions=False)


def test_a_log_is_read_from_a_file_and_its_line_is_shown_with_why(tmp_path: Path) -> None:
    log = tmp_path / "space.log"
    log.write_text(LOG)
    told = said(str(log))
    assert told.exit_code == 0
    first, line, why, *_ = told.output.splitlines()
    assert first.startswith("1. bind-loopback  ")
    assert line.strip() == "line 2: INFO:     Uvicorn running on http://127.0.0.1:8000"
    assert "loopback" in why


def test_a_pasted_log_is_read_and_the_command_that_reproduces_it_is_named() -> None:
    told = said("-", pasted=LOG)
    assert "reproduce: spacedock reproduce bind-loopback" in told.output
    assert "caught by: binds-app-port" in told.output
    assert "remedy:    Bind every address" in told.output


def test_it_says_when_it_recognises_nothing() -> None:
    told = said("-", pasted="all is well\n")
    assert told.exit_code == 3
    assert told.output.startswith("Nothing of it is known here")


def test_what_several_failures_share_names_them_all() -> None:
    told = said("-", pasted="Launch timed out, workload was not healthy after 30 min")
    assert told.exit_code == 3
    assert "(bind-loopback)" in told.output
    assert "(startup-download-timeout)" in told.output


def test_bytes_that_are_no_text_do_not_stop_it(tmp_path: Path) -> None:
    log = tmp_path / "space.log"
    log.write_bytes(b"\xff\xfe\x00" + LOG.encode())
    assert "bind-loopback" in said(str(log)).output


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        said("/nowhere/space.log")
    assert caught.value.place == "/nowhere/space.log"


def test_the_likeliest_three_are_shown_and_all_on_demand() -> None:
    log = (
        LOG + "ERROR: Cannot install a and b because these package versions have conflicting dependencies.\n"
    )
    log += "E: Unable to locate package libgl1-mesa-glx\nExit code: 137\nMemory limit exceeded (16Gi)\n"
    log += "TypeError: connect() got an unexpected keyword argument 'sslmode'\n"
    short, full = said("-", pasted=log).output, said("--all", "-", pasted=log).output
    assert "4. " not in short
    assert "less likely: `--all` shows them" in short
    assert "4. " in full


def test_it_needs_no_docker() -> None:
    code = (
        "import sys; sys.modules['docker'] = sys.modules['testcontainers'] = None; "
        "from spacedock.cli import app; app(['diagnose', '-'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=LOG, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "bind-loopback" in done.stdout) == (0, True), done.stderr
