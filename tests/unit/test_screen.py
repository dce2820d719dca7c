"""Whatever is shown goes through one place."""

from __future__ import annotations

import ast
from io import StringIO
from pathlib import Path

import pytest
from rich.text import Text

from spacedock.screen import screen

PACKAGE = Path(__file__).parents[2] / "infra" / "spacedock"
# Spaces, and what runs beside them: their own logs are their output.
IN_CONTAINERS = {"doubles", "failures", "images"}
OURS = {"cli/contract.py", "cli/platform.py"}  # print our own words, for a pipe to take as they are


def shown(*said: object, width: int = 20, **how: object) -> str:
    paper = StringIO()
    screen(file=paper, width=width).print(*said, **how)  # type: ignore[arg-type]
    return paper.getvalue()


def test_a_line_that_is_broken_by_its_length_begins_with_no_command() -> None:
    assert shown(Text("    aaaa bbbb cccc ::error::x")).splitlines()[1] == r"\::error::x"


def test_a_command_in_parts_of_several_styles_is_none() -> None:
    assert shown(Text.assemble(("##", "bold"), ("[error]", "red")), "x") == "##\\[error] x\n"


def test_text_is_no_markup() -> None:
    assert shown("[red]a[/] :smile:") == "[red]a[/] :smile:\n"


def calls(path: Path) -> set[str]:
    """Return the names of the functions that a module calls."""
    found = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return {ast.unparse(function) for function in found}


def places() -> list[str]:
    found = (path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py")))
    return [str(path) for path in found if path.parts[0] not in {*IN_CONTAINERS, "screen.py"}]


@pytest.mark.parametrize("place", places())
def test_nobody_shows_anything_past_it(place: str) -> None:
    allowed = {"print"} if place in OURS else set()
    assert calls(PACKAGE / place) & {"Console", "print", "sys.stdout.write", "sys.stderr.write"} <= allowed
