"""Imports run one way through the rooms, and the backend knows nothing of the harness."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "infra" / "spacedock"

# From the top down; a room may import what stands below it, and its neighbours within one line.
FLOORS = (
    {"cli", "__main__"},
    {"suite", "plugin", "session"},
    {"console", "screen", "verdict"},
    {"failures"},
    {"run"},
    {"contract"},
    {"evidence", "probe"},
    {"options"},
    {"docks", "browser"},
    {"edge", "services"},
    {"images"},
    {"engine", "builder", "confinement"},
    {"space", "runs"},
    {
        "nobody",
        "platform",
        "printable",
        "progress",
        "errors",
        "writing",
        "canary",
        "durations",
        "reading",
        "recordings",
        "signals",
    },
)
APART = {"doubles"}  # run in containers of their own: they import no room, and no room imports them


def imported(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, those for type checking included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str:
    """Return the room below `spacedock` that a module belongs to."""
    return [*module.split("."), ""][1]


def floor(name: str) -> int:
    return next(index for index, rooms in enumerate(FLOORS) if name in rooms)


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_stands_below_it(path: Path) -> None:
    here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    rooms = {room(module) for module in imported(path) if module.split(".")[0] == "spacedock"} - {here, ""}
    if here in APART:
        assert rooms <= {here}
        return
    assert not rooms & APART
    assert [name for name in rooms if floor(name) < floor(here)] == []


# The same for the backend; `errors` and `models` are words that a route knows without the clients.
BACKEND_FLOORS = (
    {"__main__", "cli", "server", "connections", "main"},
    {"api"},
    {"ingest", "migrate"},
    {"chat", "book"},
    {"services"},
    {"config", "imports", "logs", "origins", "shapes", "migrations", "__init__"},
)


@pytest.mark.parametrize("path", sorted((ROOT / "backend").rglob("*.py")), ids=lambda path: path.stem)
def test_a_room_of_the_backend_imports_only_what_stands_below_it(path: Path) -> None:
    def height(name: str) -> int:
        return next(level for level, rooms in enumerate(BACKEND_FLOORS) if name in rooms)

    here = path.relative_to(ROOT / "backend").parts[0].removesuffix(".py")
    rooms = {room(module) for module in imported(path) if module.startswith("backend.")} - {here}
    assert [name for name in rooms if name != "__version__" and height(name) < height(here)] == []


def test_the_backend_knows_nothing_of_the_harness() -> None:
    files = list((ROOT / "backend").rglob("*.py"))
    assert files
    guilty = {
        path.name: module
        for path in files
        for module in imported(path)
        if module.split(".")[0] in {"spacedock", "infra"}
    }
    assert guilty == {}
