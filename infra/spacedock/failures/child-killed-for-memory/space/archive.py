"""An archive of notes, page by page."""

from __future__ import annotations

from collections.abc import Iterator


def pages() -> Iterator[str]:
    for number in range(500):
        yield f"Page {number}: the feet bear the weight. " * 2**15


def count() -> int:
    """Return how often feet are named."""
    archive = pages()
    return sum(page.count("feet") for page in archive)
