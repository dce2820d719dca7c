from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.errors import GitError
from spacedock.evidence.pushed import Carried, arriving, carried, in_folder
from spacedock.space import Space, read_space
from spacedock.space.git import Repository
from tests.unit.evidence.repositories import BINARY, commit, git, pointer, repository
from tests.unit.spaces import sound_space, write_space


@pytest.fixture
def space(tmp_path: Path) -> Space:
    folder = write_space(tmp_path / "space")
    repository(folder)
    return read_space(folder)


def files(space: Space, *, with_history: bool = True) -> dict[str, Carried]:
    found = carried(space, with_history=with_history)
    assert found is not None
    return {file.path: file for file in found}


def test_outside_of_a_repository_nothing_is_pushed_with_git(tmp_path: Path) -> None:
    space = sound_space(tmp_path)
    assert carried(space) is None
    assert in_folder(space) == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_a_file_is_seen_by_its_kind_and_its_size(space: Space) -> None:
    commit(space.root, logo__png=BINARY, notes__txt=b"a note")
    seen = files(space)
    assert (seen["logo.png"].binary, seen["logo.png"].size) == (True, len(BINARY))
    assert (seen["notes.txt"].binary, seen["notes.txt"].pointer) == (False, False)
    assert seen["notes.txt"].kept > 0


def test_a_nul_byte_far_behind_makes_no_binary(space: Space) -> None:
    commit(space.root, long__txt=b"a" * 8000 + b"\0")
    assert not files(space)["long.txt"].binary


def test_a_pointer_stands_for_the_file_that_lfs_has(space: Space) -> None:
    commit(space.root, model__bin=pointer(2 * 10**9))
    model = files(space)["model.bin"]
    assert (model.pointer, model.kept, model.too_large) == (True, 2 * 10**9, False)


def test_a_large_file_is_too_large_and_not_read(space: Space) -> None:
    for name, size in (("model.bin", 10 * 2**20 + 1), ("enough.bin", 10 * 2**20)):
        with (space.root / name).open("wb") as file:
            file.truncate(size)
    commit(space.root)
    seen = files(space)
    assert (seen["model.bin"].too_large, seen["model.bin"].binary) == (True, False)
    assert (seen["enough.bin"].too_large, seen["enough.bin"].binary) == (False, True)


def test_what_was_deleted_is_in_the_history_still(space: Space) -> None:
    commit(space.root, logo__png=BINARY)
    (space.root / "logo.png").unlink()
    commit(space.root)
    assert files(space)["logo.png"].current is False
    assert files(space)["app.py"].current is True
    assert "logo.png" not in files(space, with_history=False)


def test_what_is_staged_and_not_committed_counts(space: Space) -> None:
    (space.root / "logo.png").write_bytes(BINARY)
    assert "logo.png" not in files(space)
    git(space.root, "add", "logo.png")
    assert files(space)["logo.png"].current


def test_a_repository_without_a_commit_has_what_is_staged(tmp_path: Path) -> None:
    space = sound_space(tmp_path)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "app.py")
    assert set(files(space)) == {"app.py"}


def test_of_a_space_that_ships_a_part_the_history_of_that_counts(tmp_path: Path) -> None:
    folder = repository(write_space(tmp_path, manifest='[space]\nships = ["README.md", "app"]\n'))
    (folder / "app").mkdir()
    (folder / "app" / "old.png").write_bytes(BINARY)
    commit(folder, elsewhere__png=BINARY + b"1")
    (folder / "app" / "old.png").unlink()
    (folder / "app" / "new.txt").touch()
    commit(folder)
    assert set(files(read_space(folder))) == {"README.md", "app/old.png", "app/new.txt"}


def test_of_a_space_within_a_repository_only_its_files_count(tmp_path: Path) -> None:
    write_space(tmp_path / "space")
    repository(tmp_path)
    commit(tmp_path, logo__png=BINARY)
    (tmp_path / "space" / "app.py").unlink()
    commit(tmp_path)
    assert set(files(read_space(tmp_path / "space"))) == {"README.md", "Dockerfile", "space.toml"}


def test_what_the_hub_has_already_is_told_from_what_is_new(space: Space) -> None:
    commit(space.root, old__png=BINARY)
    git(space.root, "remote", "add", "origin", "https://github.com/owner/name")
    git(space.root, "remote", "add", "space", "https://huggingface.co/spaces/owner/name")
    git(space.root, "update-ref", "refs/remotes/space/main", "HEAD")
    commit(space.root, new__png=BINARY + b"1")
    git(space.root, "update-ref", "refs/remotes/origin/main", "HEAD")
    seen = files(space)
    assert (seen["old.png"].there, seen["new.png"].there) == (True, False)


def test_who_receives_a_revision_sees_its_history(tmp_path: Path) -> None:
    folder = repository(write_space(tmp_path / "space"))
    commit(folder, logo__png=BINARY)
    (folder / "logo.png").unlink()
    commit(folder)
    git(tmp_path, "clone", "--quiet", "--bare", "space", "hub.git")
    hub = Repository(tmp_path / "hub.git", tmp_path / "hub.git")
    seen = {file.path: file for file in arriving(hub, git(folder, "rev-parse", "HEAD").strip())}
    assert seen["logo.png"].binary
    assert (seen["logo.png"].current, seen["app.py"].current) == (False, True)
    assert seen["app.py"].there  # a reference of the repository has it


def test_without_git_nobody_knows_what_a_repository_carries(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitError, match="no git here"):
        carried(space)
