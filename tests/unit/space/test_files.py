from __future__ import annotations

import os
from pathlib import Path

import pytest

from spacedock.errors import NoTextFileError, UsageError
from spacedock.space.files import files_below, lines_of, read_bytes, read_head, read_text


def test_a_text_is_read_with_its_line_ends_as_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("ü\r\nb\rc\n".encode())
    assert read_text(tmp_path / "a", 100) == "ü\nb\nc\n"


def test_the_head_may_end_within_a_character(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("aü".encode())
    assert read_head(tmp_path / "a", 2) == "a"
    assert read_head(tmp_path / "a", 3) == "aü"


def test_a_file_that_ends_within_a_character_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("aü".encode()[:-1])
    with pytest.raises(NoTextFileError, match="not UTF-8"):
        read_head(tmp_path / "a", 100)


def test_what_is_larger_than_is_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1025)
    assert len(read_bytes(tmp_path / "a", 1025)) == 1025
    with pytest.raises(UsageError, match="larger than 1 KiB"):
        read_bytes(tmp_path / "a", 1024)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("nowhere", "there is no file"),
        ("file/below", "there is no file"),
        ("a\0b", "there is no file"),
        ("\ud800", "there is no file"),
        ("x" * 300, "File name too long"),
        ("folder", "it is a folder"),
        ("pipe", "it is a named pipe"),
        ("device", "it is a device"),
        ("loop", "links lead to each other"),
    ],
)
def test_what_is_no_file_is_named(tmp_path: Path, place: str, says: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match=says) as caught:
        read_bytes(tmp_path / place, 10)
    assert caught.value.path == tmp_path / place


def test_only_a_line_feed_ends_a_line() -> None:
    assert lines_of("a\x0cb\u2028c\x85d\ne\n\n") == ["a\x0cb\u2028c\x85d", "e", ""]
    assert lines_of("") == []


def test_files_and_links_are_found_and_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "link").symlink_to("folder")
    os.mkfifo(tmp_path / "pipe")
    found = sorted(path.relative_to(tmp_path).as_posix() for path in files_below(tmp_path))
    assert found == ["folder/file", "link"]
