"""`spacedock lint` as somebody without Docker meets it: files are read, and nothing else is begun."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from junitparser import JUnitXml

from spacedock import cli
from spacedock.contract.registry import all_promises
from tests.unit.evidence.repositories import repository
from tests.unit.spaces import SOUND_MANIFEST, write_space

Lint = Callable[..., tuple[int, str]]

FORBIDDEN = ("docker", "testcontainers", "spacedock.engine", "spacedock.docks.image.dock")
CODE = """
import socket, sys
from spacedock.cli import main

def refuse(*_): raise AssertionError("it opened a connection")
socket.socket.connect = refuse
try: main()
except SystemExit as ended:
    print("imported:", *({forbidden!r} & sys.modules.keys()))
    sys.exit(ended.code)
"""
SERVICES = """
[secrets]
DATABASE_URL = { from = "postgres.url" }
POOLED_URL = { from = "pgbouncer.url" }
QDRANT_URL = { from = "qdrant.url" }
OPENAI_BASE_URL = { from = "openai.base_url" }
"""


@pytest.fixture
def lint(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lint:
    """Run the command; return its exit code and what it printed."""

    def _run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["spacedock", "lint", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), "".join(capsys.readouterr())

    return _run


def in_an_interpreter_of_its_own(place: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", CODE.format(forbidden=set(FORBIDDEN)), "lint", str(place)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return write_space(tmp_path / "space")


def test_a_sound_space_ends_in_0_and_the_rest_is_told_by_number(lint: Lint, place: Path) -> None:
    code, said = lint(place)
    assert code == 0
    assert said.startswith("owner/name by its files alone\n")
    numbers = [int(re.search(rf"(\d+) {word}", said)[1]) for word in ("kept", "not looked at", "not asked")]  # type: ignore[index]
    assert sum(numbers) == len(all_promises())
    assert f"- {numbers[1]} not looked at: they want an image, a boot or a service" in said
    assert "binds-app-port" not in said


@pytest.mark.parametrize("manifest", [SOUND_MANIFEST, '[space]\nid = "owner/name"\n' + SERVICES])
def test_no_container_library_is_imported_and_no_connection_opened(tmp_path: Path, manifest: str) -> None:
    ended = in_an_interpreter_of_its_own(write_space(tmp_path / "space", manifest=manifest))
    assert ended.returncode == 0
    assert "imported:\n" in ended.stdout


def test_a_file_that_must_not_be_pushed_is_found_and_ends_in_1(lint: Lint, place: Path) -> None:
    (place / ".env").write_text("API_KEY=x\n")
    code, said = lint(place)
    assert code == 1
    assert "✗ starts-without-env-file" in said
    assert "`.env` is among the files that would be pushed" in said
    assert "remedy:  remove it from git" in said


def test_a_front_matter_that_is_broken_ends_in_1_and_is_named_with_its_line(
    lint: Lint, tmp_path: Path
) -> None:
    code, said = lint(write_space(tmp_path / "space", readme="---\ntitle: x\nsdk: gradio\n---\n"))
    assert code == 1
    assert "is no Docker Space" in said
    assert "README.md:3: `sdk` is 'gradio'" in said
    assert "front-matter-is-valid" in said


def test_a_repository_that_git_cannot_read_ends_in_2_and_no_secret_counts_as_pushed(
    lint: Lint, place: Path
) -> None:
    repository(place)
    (place / ".env").write_text("API_KEY=x\n")
    assert lint(place)[0] == 0
    (place / ".git" / "index").write_bytes(b"DIRC")
    code, said = lint(place)
    assert code == 2
    assert "index file" in said
    assert "remedy: run `git status` there" in said
    assert ".env" not in said


def test_what_files_cannot_show_is_nothing_proven(lint: Lint, place: Path) -> None:
    code, said = lint(place, "--promise", "runs-as-uid-1000")
    assert (code, "1 not looked at in" in said) == (3, True)


def test_a_report_is_written_beside_what_is_shown(lint: Lint, place: Path, tmp_path: Path) -> None:
    file = tmp_path / "gate.xml"
    lint(place, "--report", f"junit={file}")
    (suite,) = JUnitXml.fromfile(str(file))
    assert (suite.name, suite.tests) == ("spacedock.files", len(all_promises()))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("/nowhere/at/all",), "no such folder"),
        (("--promise", "binds-port"), "there is no promise `binds-port`"),
        (("--report", "html"), "is not FORMAT=FILE"),
    ],
)
def test_a_wrong_word_ends_in_2_and_is_named(lint: Lint, words: tuple[str, ...], says: str) -> None:
    code, said = lint(*words)
    assert code == 2
    assert says in said
