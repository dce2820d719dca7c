from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.errors import UsageError
from spacedock.space.dockerignore import read_dockerignore


def left_out(folder: Path, text: str, *paths: str) -> list[str]:
    """Return those of the paths that a `.dockerignore` of this text leaves out."""
    (folder / ".dockerignore").write_text(text, encoding="utf-8")
    ignored = read_dockerignore(folder)
    return [path for path in paths if ignored.leaves_out(path)]


# As moby/patternmatcher has them in its own tests, patternmatcher_test.go.
@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("**", "file", True),
        ("**/", "dir/file", True),
        ("**/**", "dir/file", True),
        ("dir/**", "dir/file", True),
        ("dir/**", "dir/dir2/file", True),
        ("dir/**", "dir", False),
        ("**/dir", "dir", True),
        ("**/dir", "a/b/dir", True),
        ("**/dir2/*", "dir/dir2/file", True),
        ("**/dir2/*", "dir/dir2/dir2/file", True),
        ("**/dir2/**", "dir/dir2/dir2/file", True),
        ("**file", "dir/dir/file", True),
        ("**file", "dir/dir/file.txt", False),
        ("**/*.txt", "dir/dir/file.txt", True),
        ("*.txt", "dir/file.txt", False),
        ("a*/b", "abc/b", True),
        ("a*/b", "a/x/b", False),
        ("a*b*c", "axbxbxc", True),
        ("a*b*c", "axcxb", False),
        ("a*c", "ac", True),
        ("*", "a", True),
        ("[a-c]bc", "bbc", True),
        ("[^a-c]bc", "bbc", False),
        ("[^a-c]bc", "dbc", True),
        ("[-x]", "-", True),
        ("[\\]a]", "]", True),
        ("[\\d]", "5", False),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("/app/", "app/x", True),
        ("./app/../app", "app", True),
        ("App", "app", False),
        ("a.b", "axb", False),
        (".", "a", False),
        ("a+b|c", "a+b|c", True),
    ],
)
def test_a_pattern_matches_as_the_builder_matches_it(
    tmp_path: Path, pattern: str, path: str, matches: bool
) -> None:
    assert bool(left_out(tmp_path, f"{pattern}\n", path)) is matches


def test_the_last_pattern_that_matches_decides(tmp_path: Path) -> None:
    text = "# *.py\n\n  data  \n!data/keep\ndata/keep/not\n"
    paths = ("app.py", "data/a", "data/keep/a", "data/keep/not")
    assert left_out(tmp_path, text, *paths) == ["data/a", "data/keep/not"]


@pytest.mark.parametrize("pattern", ["*a" * 500 + "b", "**/" * 500 + "b", "*" * 5000 + "b", "**a" * 500])
def test_a_pattern_of_many_stars_takes_no_time(tmp_path: Path, pattern: str) -> None:
    assert left_out(tmp_path, pattern, "a" * 255, "/".join(["a" * 200] * 20)) == []


@pytest.mark.parametrize(
    ("content", "says", "line"),
    [
        (b"app\n[a\n", "`[a` is no pattern", 2),
        (b"[z-a]\n", "is no pattern", 1),
        (b"a\nb\nGr\xf6\xdfe\n", "not UTF-8", 3),
        ("app\n".encode("utf-16"), "UTF-16", 1),
        (b"a\n" * 1001, "1001 patterns", None),
        (b"a" * 70_000, "larger than 64 KiB", None),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes, says: str, line: int | None) -> None:
    (tmp_path / ".dockerignore").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_dockerignore(tmp_path)
    assert says in caught.value.what
    assert caught.value.line == line


def test_without_one_nothing_is_left_out(tmp_path: Path) -> None:
    assert not read_dockerignore(tmp_path).leaves_out("app.py")
