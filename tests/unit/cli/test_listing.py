"""The list of commands is read off the modules, and says what typer would say of them."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from typer.main import get_group
from typer.testing import CliRunner

from spacedock.cli import app
from spacedock.cli.app import Commands
from spacedock.cli.listing import listed

HEAVY = {"docker", "testcontainers", "httpx", "pydantic", "playwright", "rich", "requests", "yaml"}


def imported_by(code: str) -> set[str]:
    """Return the heavy packages that an interpreter of its own has imported after some code."""
    told = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return HEAVY & set(told.stderr.split())


def ending(*words: str) -> str:
    """Return code that runs a command to its end."""
    return (
        f"sys.argv = ['spacedock', *{words}]\n"
        "from spacedock.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass"
    )


def test_help_imports_nothing_heavy_and_no_command() -> None:
    code = f"{ending('--help')}\nassert 'spacedock.cli.check' not in sys.modules"
    assert imported_by(code) == set()


@pytest.mark.parametrize("module", sorted({command.module for command in listed()}))
def test_a_module_of_a_command_imports_no_container_library_and_no_client(module: str) -> None:
    assert imported_by(f"import {module}") & {"docker", "testcontainers", "httpx", "pydantic"} == set()


@pytest.mark.parametrize("words", [("list",), ("reproduce", "loopback"), ("platform", "egress")])
def test_what_is_only_read_out_imports_no_container_library(words: tuple[str, ...]) -> None:
    assert imported_by(ending(*words)) & {"docker", "testcontainers"} == set()


def test_the_plugin_of_pytest_imports_nothing_heavy() -> None:
    assert imported_by("import spacedock.plugin") == set()


def test_help_lists_every_command_with_the_first_line_of_what_it_says() -> None:
    told = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    for command in listed():
        assert f"{command.name} {' '.join(command.summary.split())}" in told


def test_what_is_listed_is_what_typer_makes_of_the_modules() -> None:
    for command in listed():
        importlib.import_module(command.module)
    group = get_group(app)
    assert isinstance(group, Commands)
    assert {name: (command.help or "").partition("\n")[0] for name, command in group.imported.items()} == {
        command.name: command.summary for command in listed()
    }


def test_no_words_are_met_with_the_help() -> None:
    told = CliRunner().invoke(app, [])
    assert told.exit_code == 2
    assert "Exit codes: 0 kept" in told.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("chek",), "No such command 'chek'. Did you mean 'check'?"),
        (("--frob",), "No such option: --frob"),
        (("check", "--frob"), "No such option: --frob"),
        (("check", "--dock"), "Option '--dock' requires an argument"),
        (("check", "--dock", "boat"), "'boat' is not one of 'auto', 'image', 'process'"),
        (("explain",), "Missing argument"),
    ],
)
def test_what_is_not_known_ends_in_2_and_is_named(words: tuple[str, ...], says: str) -> None:
    told = CliRunner().invoke(app, words, catch_exceptions=False)
    assert told.exit_code == 2
    assert says in told.output
