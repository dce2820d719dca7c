"""Files that look as if somebody means to keep them, on a disk that is lost at every restart."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DATABASE = re.compile(
    r"\.(db|db3|sqlite|sqlite3|duckdb|mdb|rdb|faiss|annoy|hnsw|usearch)$"  # a file of its own
    # Or a folder.
    r"|(\.lance|/(chroma|chromadb|chroma_db|lancedb|faiss_index|qdrant_data|qdrant_storage|rocksdb))(/|$)"
)
# What is made anew whenever it is missing.
_CACHE = re.compile(r"/(\.cache|cache|__pycache__|\.config/matplotlib)/")


def databases(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the databases and indexes among the changed `paths`; a folder instead of what is in it."""
    found = (_place(path) for path in paths if not _CACHE.search(path))
    return tuple(dict.fromkeys(place for place in found if place))


def _place(path: str) -> str:
    match = _DATABASE.search(path)
    return path[: match.end()].rstrip("/") if match else ""
