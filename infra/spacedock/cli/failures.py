"""`spacedock failures`: write the catalogue as pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacedock.cli.app import app
from spacedock.errors import UsageError
from spacedock.screen import screen
from spacedock.writing import holds, require_writable, write

Folder = Annotated[
    Path,
    typer.Argument(help="Where the pages go; those of failures that are no more go; all else stays."),
]


@app.command("failures")
def write_pages(folder: Folder) -> None:
    """Write the catalogue of failures as Markdown: an index, and a page a failure."""
    from spacedock.failures.catalogue import all_failures
    from spacedock.failures.pages import is_page, pages

    texts = pages(all_failures())
    _make(folder)
    for name in texts:
        require_writable(folder / name, is_page)  # nothing is written where one cannot be
    for path in set(folder.glob("*.md")) - {folder / name for name in texts}:
        if path.is_file() and holds(path, is_page):
            path.unlink()
    for name, text in texts.items():
        write(folder / name, text, is_page)
    screen().print(f"{len(texts)} pages in {folder}", soft_wrap=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"it cannot be made: {error.strerror}", path=folder, remedy="name a folder that can be"
        ) from None
