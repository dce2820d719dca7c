"""The build context is what a push would carry, as git would check it out."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from spacedock.docks.context import lay_out, leave_out_ignored
from spacedock.errors import NoDockerfileError, UsageError
from spacedock.space import Space, read_space
from tests.unit.docks.servers import space_of
from tests.unit.spaces import SOUND_DOCKERFILE, write_space


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def laid(space: Space, folder: Path) -> Path:
    return lay_out(space, folder / "context")


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.test")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def test_what_git_does_not_track_is_not_in_it(tmp_path: Path) -> None:
    space = space_of(tmp_path / "space", "", port=8080)
    git(space.root, "init")
    git(space.root, "add", ".")
    (space.root / ".env").write_text("KEY=1")
    assert names(laid(space, tmp_path)) == ["Dockerfile", "README.md", "app.py", "space.toml"]


def test_modes_are_gits_two_whatever_the_umask_was(tmp_path: Path) -> None:
    space = space_of(tmp_path / "space", "", port=8080, files={"run.sh": "", "lib/a.py": ""})
    (space.root / "run.sh").chmod(0o700)
    (space.root / "lib").chmod(0o700)
    (space.root / "lib" / "a.py").chmod(0o600)
    context = laid(space, tmp_path)
    modes = {name: (context / name).stat().st_mode & 0o777 for name in ("run.sh", "lib", "lib/a.py")}
    assert modes == {"run.sh": 0o755, "lib": 0o755, "lib/a.py": 0o644}


def test_links_stay_links(tmp_path: Path) -> None:
    space = space_of(tmp_path / "space", "", port=8080)
    (space.root / "link").symlink_to("app.py")
    assert (laid(space, tmp_path) / "link").readlink() == Path("app.py")


def test_readme_and_dockerfile_from_elsewhere_come_to_their_places(tmp_path: Path) -> None:
    parts = space_of(tmp_path / "parts", "", port=8080)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "app.py").touch()
    (tmp_path / "space.toml").write_text(
        '[space]\nfolder = "root"\nreadme = "parts/README.md"\ndockerfile = "parts/Dockerfile"\n'
    )
    context = laid(read_space(tmp_path), tmp_path)
    assert names(context) == ["Dockerfile", "README.md", "app.py"]
    assert (context / "Dockerfile").read_text() == (parts.root / "Dockerfile").read_text()


def test_the_dockerignore_keeps_files_from_the_builder(tmp_path: Path) -> None:
    files = {".dockerignore": "# not these\n*.md\ndata\n!data/keep.txt\n", "data/a": "", "data/keep.txt": ""}
    context = laid(space_of(tmp_path / "space", "", port=8080, files=files), tmp_path)
    leave_out_ignored(context)
    assert names(context) == [".dockerignore", "Dockerfile", "app.py", "data/keep.txt", "space.toml"]


def test_a_dockerfile_that_is_a_link_becomes_a_file_of_ours(tmp_path: Path) -> None:
    space = space_of(tmp_path / "space", "", port=8080)
    (space.root / "docker").mkdir()
    (space.root / "Dockerfile").rename(space.root / "docker" / "file")
    (space.root / "Dockerfile").symlink_to("docker/file")
    context = laid(read_space(space.root), tmp_path)
    assert not (context / "Dockerfile").is_symlink()
    assert (context / "Dockerfile").read_text() == (space.root / "docker" / "file").read_text()


@pytest.mark.parametrize("kind", ["absolute", "relative"])
def test_a_dockerfile_that_leads_out_is_none(tmp_path: Path, kind: str) -> None:
    space = space_of(tmp_path / "space", "", port=8080)  # read before the link is there
    (space.root / "Dockerfile").rename(tmp_path / "outside")
    (space.root / "Dockerfile").symlink_to(tmp_path / "outside" if kind == "absolute" else "../outside")
    with pytest.raises(NoDockerfileError):
        laid(space, tmp_path)


APART = '[space]\nfolder = "root"\ndockerfile = "Dockerfile"\nreadme = "README.md"\n'


def test_a_copy_is_written_over_no_link(tmp_path: Path) -> None:
    write_space(tmp_path, manifest=APART)
    outside = tmp_path / "outside"
    outside.write_text("not ours\n")
    (tmp_path / "root").mkdir()
    for name in ("Dockerfile", "README.md"):
        (tmp_path / "root" / name).symlink_to(outside)
    context = laid(read_space(tmp_path), tmp_path)
    assert outside.read_text() == "not ours\n"
    assert (context / "Dockerfile").read_text() == SOUND_DOCKERFILE


def test_a_dockerignore_that_leads_out_is_none(tmp_path: Path) -> None:
    space = space_of(tmp_path / "space", "", port=8080)
    (tmp_path / "outside").write_text("app.py\n")
    (space.root / ".dockerignore").symlink_to(tmp_path / "outside")
    context = laid(space, tmp_path)
    leave_out_ignored(context)
    assert "app.py" in names(context)
    assert ".dockerignore" not in names(context)


def test_a_dockerignore_that_is_a_link_within_is_followed(tmp_path: Path) -> None:
    space = space_of(tmp_path / "space", "", port=8080, files={"ignored": "app.py\n"})
    (space.root / ".dockerignore").symlink_to("ignored")
    context = laid(space, tmp_path)
    leave_out_ignored(context)
    assert "app.py" not in names(context)


def test_what_is_no_file_is_not_pushed(tmp_path: Path) -> None:
    space = space_of(tmp_path / "space", "", port=8080)
    git(space.root, "init", "--quiet")
    git(space.root, "add", ".")
    (space.root / "app.py").unlink()
    os.mkfifo(space.root / "app.py")
    assert names(laid(space, tmp_path)) == ["Dockerfile", "README.md", "space.toml"]


def test_a_folder_where_the_dockerfile_goes_is_named(tmp_path: Path) -> None:
    write_space(tmp_path, manifest=APART)
    (tmp_path / "root" / "Dockerfile").mkdir(parents=True)
    (tmp_path / "root" / "Dockerfile" / "app.py").touch()
    with pytest.raises(UsageError, match="has a folder"):
        laid(read_space(tmp_path), tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    space = space_of(tmp_path / "space", "", port=8080)
    monkeypatch.setattr(shutil, "copyfile", refuse)  # root, who may run this, reads everything
    with pytest.raises(UsageError, match="Permission denied") as caught:
        laid(space, tmp_path)
    assert caught.value.path == space.root / "Dockerfile"


def test_a_dockerfile_that_is_here_and_not_in_git_is_named(tmp_path: Path) -> None:
    space = space_of(tmp_path / "space", "", port=8080)
    git(space.root, "init", "--quiet")
    git(space.root, "add", "README.md", "app.py")
    with pytest.raises(UsageError, match="would not be pushed: git does not track it") as caught:
        laid(space, tmp_path)
    assert caught.value.path == space.dockerfile.path
    assert caught.value.remedy.startswith("git add Dockerfile")


def test_folders_that_lie_deep_within_each_other_are_named(tmp_path: Path) -> None:
    """What copies and removes them goes down one by one, and 1500 are more than Python does."""
    space = space_of(tmp_path / "space", "", port=8080)
    deep = space.root.joinpath(*["d"] * 101)
    deep.mkdir(parents=True)
    (deep / "a.py").touch()
    with pytest.raises(UsageError, match="more than 100 folders") as caught:
        laid(space, tmp_path)
    assert caught.value.path == deep / "a.py"
