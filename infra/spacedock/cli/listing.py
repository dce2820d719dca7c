"""Which commands there are, read off the modules of this room: none is imported for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ROOM = Path(__file__).parent
_MARK = "app.command"


@dataclass(frozen=True)
class Listed:
    """A command as its module's text has it: a function below `@app.command()` or `@app.command("name")`."""

    name: str
    summary: str  # the first line of its docstring
    module: str


@cache
def listed() -> tuple[Listed, ...]:
    """Return every command, by module."""
    return tuple(command for path in sorted(_ROOM.glob("*.py")) for command in _read(path))


def _read(path: Path) -> Iterator[Listed]:
    """Yield the commands of a module."""
    text = path.read_text(encoding="utf-8")
    if f"@{_MARK}(" not in text:  # parsing takes longer than looking
        return
    for function in ast.parse(text).body:
        if isinstance(function, ast.FunctionDef) and (name := _name(function)):
            summary = (ast.get_docstring(function) or "").partition("\n")[0]
            yield Listed(name, summary, f"{__package__}.{path.stem}")


def _name(function: ast.FunctionDef) -> str | None:
    """Return the name of the command that a function is, as typer makes it; None where it is none."""
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == _MARK:
            return ast.literal_eval(mark.args[0]) if mark.args else function.name.replace("_", "-")
    return None
