"""A container's paths, mapped to where the Space's files are staged."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from spacedock.docks.process.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    tree, programs = tmp_path / "tree", tmp_path / "venv" / "bin"
    for folder in (tree / "app", tree / "opt" / "tools", programs):
        folder.mkdir(parents=True)
    (tree / "entry.sh").touch()
    (programs / "uvicorn").touch()
    return Paths(tree, PurePosixPath("/app"), PurePosixPath("/home/user"), programs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/entry.sh", "{tree}/entry.sh"),
        ("cd /app && exec ./run", "cd {tree}/app && exec ./run"),
        ("--dir=/app/data", "--dir={tree}/app/data"),
        ("/app:/opt/tools:/usr/lib", "{tree}/app:{tree}/opt/tools:/usr/lib"),
        ("/home/user/.cache", "{tree}/home/user/.cache"),
        ("/home/user/.local/bin/uvicorn", "{bin}/uvicorn"),
        ("/usr/local/bin/uvicorn", "{bin}/uvicorn"),
        ("/usr/bin/env", "/usr/bin/env"),
        ("/tmp/x", "/tmp/x"),
        ("https://host.test/app", "https://host.test/app"),
        ("$HOME/app", "$HOME/app"),
        ("/", "/"),
    ],
)
def test_only_what_the_space_brings_moves(paths: Paths, text: str, expected: str) -> None:
    assert paths.map(text) == expected.format(tree=paths.tree, bin=paths.programs)


def test_the_environments_programs_come_first_and_the_developers_never(paths: Paths) -> None:
    search = paths.search("/opt/tools:/opt/pyenv/bin:").split(":")
    assert search[:2] == [str(paths.programs), str(paths.tree / "opt/tools")]
    assert "/opt/pyenv/bin" not in search
    assert "/usr/bin" in search


def test_a_path_that_no_file_can_have_is_none(paths: Paths) -> None:
    program = f"/usr/bin/{'a' * 300}"
    assert paths.map(program) == program
    assert paths.search(f"/{'a' * 300}:/opt/tools").split(":")[1] == str(paths.tree / "opt/tools")
