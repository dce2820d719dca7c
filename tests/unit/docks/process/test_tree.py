"""Paths below a folder: links lead where they do in a container, and never out."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.docks.process.tree import copy, inside, matches, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with a link of each kind; beside it lies what nothing may reach."""
    tree = tmp_path / "tree"
    (tree / "app" / "data").mkdir(parents=True)
    (tree / "app" / "data" / "a.txt").write_text("a")
    (tree / "app" / "data" / "b.md").write_text("b")
    for name, target in {
        "absolute": "/app/data",
        "relative": "data",
        "up": "../../../../outside",
        "out": str(tmp_path / "outside"),
        "round": "round",
    }.items():
        (tree / "app" / name).symlink_to(target)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    return tree


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "."),
        ("/app/../../etc", "etc"),
        ("/app/absolute/a.txt", "app/data/a.txt"),
        ("app/relative/new", "app/data/new"),
        ("/app/up/secret", "outside/secret"),
        ("/app/absolute/../up", "outside"),
    ],
)
def test_a_path_lies_where_the_container_finds_it(root: Path, path: str, expected: str) -> None:
    assert inside(root, path) == root / expected


def test_a_link_to_a_place_of_the_machine_leads_to_the_trees_own(root: Path) -> None:
    assert inside(root, "/app/out/secret").is_relative_to(root)
    assert not inside(root, "/app/out/secret").exists()


def test_links_that_go_round_are_an_error(root: Path) -> None:
    with pytest.raises(OSError, match="levels of symbolic links"):
        inside(root, "/app/round/x")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("app/data/*.txt", ["a.txt"]),
        ("app/*/a.txt", ["a.txt", "a.txt", "a.txt"]),
        ("app/relative/?.md", ["b.md"]),
        ("app/out/*", []),
        ("app/up/secret", []),
        ("app/round", []),
        ("nothing/*", []),
        ("*/**/*.txt", ["a.txt", "a.txt", "a.txt"]),
        ("", [""]),
    ],
)
def test_a_pattern_stands_for_what_is_below(root: Path, pattern: str, names: list[str]) -> None:
    found = matches(root, pattern)
    assert [name for name, _ in found] == names
    assert all(place.is_relative_to(root) for _, place in found)


def test_a_file_replaces_a_link_and_is_not_written_through_it(root: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "out").mkdir(parents=True)
    (source / "out" / "secret").write_text("planted")
    (source / "relative").write_text("a file")
    copy(source, root, "app")
    write(root, "app/out/secret", "planted again")
    assert (tmp_path / "outside" / "secret").read_text() == "secret"
    assert (root / "app" / "relative").read_text() == "a file"
    assert not (root / "app" / "relative").is_symlink()


def test_links_in_a_folder_are_copied_as_links(root: Path, tmp_path: Path) -> None:
    copy(root / "app", root, "copy")
    assert (root / "copy" / "absolute").readlink() == Path("/app/data")
    assert (root / "copy" / "data" / "a.txt").read_text() == "a"
