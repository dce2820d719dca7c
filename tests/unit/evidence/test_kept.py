from __future__ import annotations

import pytest

from spacedock.evidence.kept import databases


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/app/data/chat.db", "/app/data/chat.db"),
        ("/app/store.sqlite3", "/app/store.sqlite3"),
        ("/app/chroma/0a1b/data_level0.bin", "/app/chroma"),
        ("/data/index.faiss", "/data/index.faiss"),
        ("/app/vectors.lance/data/0.lance", "/app/vectors.lance"),
    ],
)
def test_what_somebody_means_to_keep_is_found(path: str, found: str) -> None:
    assert databases([path]) == (found,)


@pytest.mark.parametrize(
    "path",
    ["/app/log.txt", "/home/user/.cache/huggingface/index.db", "/app/dbase/readme.md", "/app/chromatic/x"],
)
def test_caches_and_other_files_are_left_alone(path: str) -> None:
    assert databases([path]) == ()


def test_a_folder_is_named_once_instead_of_what_is_in_it() -> None:
    assert databases(["/app/chroma/chroma.sqlite3", "/app/chroma/a/b.bin"]) == ("/app/chroma",)
