from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from spacedock.errors import FrontMatterError, NoDockerfileError, UsageError
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


OUTSIDE = {
    "folder": "../elsewhere",
    "readme": "../elsewhere/README.md",
    "dockerfile": "../elsewhere/Dockerfile",
}


@pytest.mark.parametrize("key", OUTSIDE)
@pytest.mark.parametrize("absolute", [False, True])
def test_a_manifest_names_nothing_outside_of_what_is_checked(
    tmp_path: Path, key: str, *, absolute: bool
) -> None:
    write_space(tmp_path / "elsewhere")
    path = str(tmp_path / "space" / OUTSIDE[key]) if absolute else OUTSIDE[key]
    folder = write_space(tmp_path / "space", manifest=f'[space]\n{key} = "{path}"\n')
    for place in (folder, folder / "space.toml"):
        with pytest.raises(UsageError, match=rf"`space\.{key}` leads out of {folder}") as caught:
            read_space(place)
        assert caught.value.path is not None
        assert "check the folder that holds all of the Space" in caught.value.remedy
    git(tmp_path, "init", "-q")  # then it is all of one repository
    read_space(folder)


@pytest.mark.parametrize(("key", "link"), [("folder", "part"), ("readme", "a.md"), ("dockerfile", "a.file")])
def test_nor_does_a_link_that_it_names(tmp_path: Path, key: str, link: str) -> None:
    write_space(tmp_path / "elsewhere")
    folder = write_space(tmp_path / "space", manifest=f'[space]\n{key} = "{link}"\n')
    target = {"folder": "", "readme": "README.md", "dockerfile": "Dockerfile"}[key]
    (folder / link).symlink_to(tmp_path / "elsewhere" / target)
    with pytest.raises(UsageError, match="leads out"):
        read_space(folder)


@pytest.mark.parametrize("name", ["../elsewhere", "/etc", "a/../../elsewhere"])
def test_what_ships_is_below_the_folder(tmp_path: Path, name: str) -> None:
    write_space(tmp_path / "elsewhere")
    write_space(tmp_path / "space", manifest=f'[space]\nships = ["{name}"]\n')
    with pytest.raises(UsageError, match=r"`space\.ships` leads out"):
        read_space(tmp_path / "space")


def test_a_link_ships_as_a_link(tmp_path: Path) -> None:
    folder = write_space(
        tmp_path / "space", manifest='[space]\nships = ["README.md", "Dockerfile", "data"]\n'
    )
    (folder / "data").symlink_to("/elsewhere")
    assert read_space(folder).files() == ("Dockerfile", "README.md", "data")


@pytest.mark.parametrize("path", ["a\\u0000b", "loop", "x" * 5000])
def test_a_folder_that_cannot_be_is_a_defect(tmp_path: Path, path: str) -> None:
    folder = write_space(tmp_path, manifest=f'[space]\nfolder = "{path}"\n')
    (folder / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match=r"no control characters|leads out of|which is no folder"):
        read_space(folder)


@pytest.mark.parametrize(
    ("name", "error"), [("README.md", FrontMatterError), ("Dockerfile", NoDockerfileError)]
)
def test_a_part_that_is_a_link_to_outside_is_not_pushed(
    tmp_path: Path, name: str, error: type[UsageError]
) -> None:
    write_space(tmp_path / "elsewhere")
    folder = write_space(tmp_path / "space")
    (folder / name).unlink()
    (folder / name).symlink_to(f"../elsewhere/{name}")
    with pytest.raises(error, match="a link that leads out of") as caught:
        read_space(folder)
    assert caught.value.path == folder / name


def test_a_manifest_that_is_a_link_to_outside_is_a_defect(tmp_path: Path) -> None:
    write_space(tmp_path / "elsewhere")
    folder = write_space(tmp_path / "space", manifest=None)
    (folder / "space.toml").symlink_to(tmp_path / "elsewhere" / "space.toml")
    with pytest.raises(UsageError, match="a link that leads out of"):
        read_space(folder)


def test_a_link_within_is_what_it_leads_to(tmp_path: Path) -> None:
    folder = write_space(tmp_path / "space")
    (folder / "Dockerfile").rename(folder / "Space.Dockerfile")
    (folder / "Dockerfile").symlink_to("Space.Dockerfile")
    assert read_space(folder).dockerfile.path.name == "Space.Dockerfile"


def test_a_folder_that_is_reached_by_a_link_is_that_folder(tmp_path: Path) -> None:
    write_space(tmp_path / "space")
    (tmp_path / "link").symlink_to("space")
    assert read_space(tmp_path / "link").root == tmp_path / "space"


def test_a_manifest_that_is_named_may_be_where_it_would_be_found(tmp_path: Path) -> None:
    write_space(tmp_path, manifest=None)
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "space.toml").write_text('[space]\nfolder = ".."\n')
    assert read_space(tmp_path / "infra" / "space.toml").root == tmp_path


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
