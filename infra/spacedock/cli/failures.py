"""`spacedock failures`: write the catalogue as pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacedock.cli.app import app

Folder = Annotated[
    Path, typer.Argument(help="Where the pages go; those of failures that are no more are removed.")
]


@app.command("failures")
def write_pages(folder: Folder) -> None:
    """Write the catalogue of failures as Markdown: an index, and a page a failure."""
    from spacedock.failures.catalogue import all_failures
    from spacedock.failures.pages import pages

    texts = pages(all_failures())
    folder.mkdir(parents=True, exist_ok=True)
    for stale in {path.name for path in folder.glob("*.md")} - set(texts):
        (folder / stale).unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    print(f"{len(texts)} pages in {folder}")
