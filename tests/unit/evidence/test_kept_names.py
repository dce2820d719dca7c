"""The names by which a database is known: of files, of folders, and of what is made anew."""

from __future__ import annotations

import pytest

from spacedock.evidence.kept import databases

ENDINGS = ("db", "db3", "sqlite", "sqlite3", "duckdb", "mdb", "rdb", "faiss", "annoy", "hnsw", "usearch")
FOLDERS = (
    "chroma", "chromadb", "chroma_db", "lancedb", "faiss_index", "qdrant_data", "qdrant_storage", "rocksdb",
)  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_is_known_by_its_ending_and_by_that_alone(ending: str) -> None:
    assert databases([f"/app/x.{ending}", f"/app/x.{ending}.txt", f"/app/{ending}"]) == (f"/app/x.{ending}",)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_is_known_by_its_whole_name(folder: str) -> None:
    paths = [f"/app/{folder}/x", f"/app/my_{folder}/x", f"/app/{folder}_old/x"]
    assert databases(paths) == (f"/app/{folder}",)


@pytest.mark.parametrize("path", ["/app/chroma", "/app/chroma/", "/app/a.lance", "/app/a.lance/"])
def test_an_empty_folder_is_one_too(path: str) -> None:
    assert databases([path]) == (path.rstrip("/"),)


@pytest.mark.parametrize("folder", [".cache", "cache", "__pycache__", ".config/matplotlib"])
def test_what_is_made_anew_is_not_kept(folder: str) -> None:
    assert databases([f"/home/user/{folder}/index.db"]) == ()


def test_a_name_that_only_begins_like_a_cache_is_none() -> None:
    assert databases(["/app/cached/index.db"]) == ("/app/cached/index.db",)
