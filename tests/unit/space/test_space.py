from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from spacedock.errors import UsageError
from spacedock.space import read_space
from tests.unit.spaces import SOUND_DOCKERFILE, SOUND_README, sound_space, write_space


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def test_its_own_host_is_among_the_allowed_origins(tmp_path: Path) -> None:
    assert sound_space(tmp_path).allowed_origins == ("https://app.example", "https://owner-name.hf.space")


def test_only_what_git_tracks_would_be_pushed(tmp_path: Path) -> None:
    write_space(tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "README.md", "Dockerfile", "app.py")
    (tmp_path / ".env").write_text("API_KEY=1\n")
    assert read_space(tmp_path).files() == ("Dockerfile", "README.md", "app.py")


def test_a_tracked_file_that_was_deleted_is_not_pushed(tmp_path: Path) -> None:
    write_space(tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    (tmp_path / "app.py").unlink()
    assert "app.py" not in read_space(tmp_path).files()


def test_a_space_may_be_a_folder_of_a_repository(tmp_path: Path) -> None:
    write_space(tmp_path / "deploy")
    (tmp_path / "other.txt").write_text("not the Space's\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    assert "app.py" in read_space(tmp_path / "deploy").files()
    assert not any("other" in name for name in read_space(tmp_path / "deploy").files())


def test_outside_git_everything_would_be_uploaded(tmp_path: Path) -> None:
    write_space(tmp_path)
    (tmp_path / ".env").write_text("API_KEY=1\n")
    assert ".env" in read_space(tmp_path).files()


def test_readme_and_dockerfile_may_be_named_apart(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "SPACE.md").write_text(SOUND_README)
    (tmp_path / "infra" / "Space.Dockerfile").write_text(SOUND_DOCKERFILE)
    (tmp_path / "infra" / "space.toml").write_text(
        '[space]\nfolder = "../code"\nreadme = "SPACE.md"\ndockerfile = "Space.Dockerfile"\n'
    )
    space = read_space(tmp_path)
    assert space.root == tmp_path / "code"
    assert space.front_matter.path.name == "SPACE.md"
    assert space.dockerfile.path.name == "Space.Dockerfile"


def test_without_a_manifest_the_folder_is_the_space(tmp_path: Path) -> None:
    write_space(tmp_path, manifest=None)
    space = read_space(tmp_path)
    assert space.root == tmp_path
    assert not space.manifest.secrets


def test_a_manifest_can_be_named_itself(tmp_path: Path) -> None:
    write_space(tmp_path)
    assert read_space(tmp_path / "space.toml").manifest.required_secrets


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        read_space(tmp_path / "nowhere")


def test_a_manifest_that_names_no_folder_is_a_defect(tmp_path: Path) -> None:
    write_space(tmp_path, manifest='[space]\nfolder = "nowhere"\n')
    with pytest.raises(UsageError, match="no folder"):
        read_space(tmp_path)


def test_only_what_ships_is_pushed(tmp_path: Path) -> None:
    write_space(tmp_path, manifest='[space]\nships = ["README.md", "Dockerfile", "code"]\n')
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.py").touch()
    (tmp_path / "code.txt").touch()
    assert read_space(tmp_path).files() == ("Dockerfile", "README.md", "code/main.py")


def test_a_manifest_that_ships_what_is_not_there_is_a_defect(tmp_path: Path) -> None:
    write_space(tmp_path, manifest='[space]\nships = ["nothing"]\n')
    with pytest.raises(UsageError, match="which is not there"):
        read_space(tmp_path)
