"""git reads what a stranger wrote: nothing in there runs, leads elsewhere, or counts as no repository."""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from spacedock.errors import GitError
from spacedock.evidence.pushed import carried
from spacedock.failures.push import push
from spacedock.space import git as ours
from spacedock.space import read_space
from spacedock.space.git import harmless, repository_of
from tests.unit.evidence.repositories import commit, git, repository
from tests.unit.spaces import write_space

PACKAGE = Path(ours.__file__).parents[1]
WRAPPER = Path(ours.__file__)
SPACE_FILES = ("Dockerfile", "README.md", "app.py", "space.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Space that is all of a repository."""
    return repository(write_space(tmp_path / "clone"))


class Trap:
    """A command that leaves a mark where it is run."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder / "it-ran"
        self.command = folder / "trap"
        self.command.write_text(f"#!/bin/sh\necho $0 $@ >> {self.mark}\n")
        self.command.chmod(0o755)

    @property
    def sprung(self) -> str:
        return self.mark.read_text() if self.mark.exists() else ""


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


def look(folder: Path) -> tuple[str, ...]:
    """Look at all that git is asked of a Space, whether or not it can tell."""
    space = read_space(folder)
    try:
        files = space.files()
        carried(space)
    except GitError:
        return ()
    return files


def settings(folder: Path, *lines: str) -> None:
    with (folder / ".git" / "config").open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def guilty(path: Path) -> Iterator[str]:
    """Yield the places at which a module names git as a command, or imports somebody else's git."""
    for node in ast.walk(ast.parse(path.read_text())):
        words: list[ast.expr] = []
        if isinstance(node, ast.List | ast.Tuple):
            words = node.elts[:1]
        elif isinstance(node, ast.Call):
            words = node.args[:1]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            if names & {"git", "pygit2", "dulwich"}:
                yield f"{path.name}:{node.lineno}"
        for word in words:
            text = word.value if isinstance(word, ast.Constant) else ""
            if isinstance(text, str) and Path(text.partition(" ")[0]).name == "git":
                yield f"{path.name}:{word.lineno}"


def test_git_is_started_in_one_module_only() -> None:
    assert list(guilty(WRAPPER))
    assert [
        place
        for path in sorted(PACKAGE.rglob("*.py"))
        # a specimen is a Space of its own, and what is in it runs in a dock
        if path != WRAPPER and path.parent.parent.parent.parent != PACKAGE / "failures"
        for place in guilty(path)
    ] == []


def test_a_file_system_monitor_is_not_started(folder: Path, trap: Trap) -> None:
    settings(folder, "[core]", f"fsmonitor = {trap.command}")
    assert look(folder) == SPACE_FILES
    assert trap.sprung == ""


def embed(folder: Path, trap: Trap) -> None:
    """Make a folder look like a bare repository as well."""
    for name in ("objects", "refs"):
        (folder / name).mkdir()
        (folder / name / "kept").touch()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(
        f"[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\nfsmonitor = {trap.command}\n"
    )


def test_a_bare_repository_among_the_files_is_none(tmp_path: Path, trap: Trap) -> None:
    embed(write_space(tmp_path / "clone" / "space"), trap)
    repository(tmp_path / "clone")
    files = look(tmp_path / "clone" / "space")
    assert {"HEAD", "config", "objects/kept", *SPACE_FILES} == set(files) - {"refs/kept"}
    assert trap.sprung == ""


def test_a_folder_that_looks_like_a_bare_repository_is_a_folder(tmp_path: Path, trap: Trap) -> None:
    embed(write_space(tmp_path / "space"), trap)
    assert "config" in look(tmp_path / "space")
    assert trap.sprung == ""


@pytest.mark.parametrize(
    "lines",
    [
        ("url = HERE", "uploadpack = TRAP"),
        ("url = HERE", "uploadpack = TRAP", '[protocol "file"]', "allow = always"),
        ("url = ext::TRAP", '[protocol "ext"]', "allow = always"),
        ("url = ssh://host.invalid/x", "[core]", "sshCommand = TRAP", '[protocol "ssh"]', "allow = always"),
        ("url = x", "vcs = ext::TRAP"),
    ],
)
def test_what_is_missing_is_not_fetched(folder: Path, trap: Trap, lines: tuple[str, ...]) -> None:
    settings(
        folder,
        "[core]", "repositoryformatversion = 1",
        "[extensions]", "partialClone = origin",
        '[remote "origin"]', "promisor = true",
        *(line.replace("TRAP", str(trap.command)).replace("HERE", str(folder)) for line in lines),
    )  # fmt: skip
    oid = git(folder, "rev-parse", "HEAD:app.py").strip()
    (folder / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    look(folder)
    found = repository_of(folder)
    assert found is not None
    with suppress(GitError):
        found.output("cat-file", "--batch-check", lines=[oid])
    assert trap.sprung == ""


def test_hooks_of_a_specimen_are_not_run(tmp_path: Path, trap: Trap) -> None:
    folder = write_space(tmp_path / "space")
    git(folder, "init", "--quiet", "--initial-branch=main")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "post-commit", "post-index-change", "pre-push"):
        (hooks / name).symlink_to(trap.command)
    settings(folder, "[core]", f"hooksPath = {hooks}")
    assert "main -> main" in push(folder)
    assert trap.sprung == ""


def test_a_git_that_the_builder_starts_runs_nothing_either(tmp_path: Path, trap: Trap) -> None:
    context = write_space(tmp_path / "context")
    embed(context, trap)
    subprocess.run(
        ["git", "status", "--porcelain"], cwd=context, env={**os.environ, **harmless()}, check=False
    )
    assert trap.sprung == ""


def test_settings_of_whoever_runs_it_have_no_say(
    folder: Path, tmp_path: Path, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text(f"[core]\nfsmonitor = {trap.command}\nworktree = /\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_TRACE", str(trap.mark))
    assert look(folder) == SPACE_FILES
    assert trap.sprung == ""


def test_a_git_in_the_folder_that_we_are_in_is_not_started(
    folder: Path, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "git").symlink_to(trap.command)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", f".::{os.environ['PATH']}")
    assert look(folder) == SPACE_FILES
    assert trap.sprung == ""


def test_where_the_working_tree_is_the_repository_does_not_say(folder: Path) -> None:
    settings(folder, "[core]", "worktree = /")
    found = repository_of(folder)
    assert found is not None
    assert found.top == folder
    assert look(folder) == SPACE_FILES


def test_a_folder_that_a_link_has_replaced_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "data").mkdir()
    commit(folder / "data", key__txt=b"of the Space")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "key.txt").write_text("of the machine")
    (folder / "data" / "key.txt").unlink()
    (folder / "data").rmdir()
    (folder / "data").symlink_to(tmp_path / "outside")
    assert look(folder) == SPACE_FILES


@pytest.mark.parametrize("name", ["../yyy", "a/.git", "/a/bcd"])
def test_an_index_that_names_what_is_outside_is_an_error(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / "in").mkdir()
    commit(folder / "in", dex=b"")
    index = folder / ".git" / "index"
    written = index.read_bytes()[:-20]
    assert written.count(b"in/dex") == 1
    assert len(name) == len("in/dex")
    written = written.replace(b"in/dex", name.encode())
    index.write_bytes(written + hashlib.sha1(written).digest())
    (tmp_path / "yyy").write_text("of the machine")
    with pytest.raises(GitError, match=r"names|git ls-files") as caught:
        read_space(folder).files()
    assert caught.value.path == folder / ".git"


def test_a_repository_of_another_owner_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ours._ALONE, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    (folder / ".env").write_text("KEY=1\n")
    assert look(folder) == SPACE_FILES


def test_a_repository_that_somebody_put_above_the_folder_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_space(tmp_path / "space")
    git(tmp_path, "init", "--quiet")
    mine = os.geteuid()
    monkeypatch.setattr(ours, "_owner", lambda path: mine + 1 if path == tmp_path / ".git" else mine)
    with pytest.raises(GitError, match="dubious ownership") as caught:
        read_space(folder)
    assert caught.value.path == tmp_path / ".git"


def damage_the_head(directory: Path) -> None:
    (directory / "HEAD").write_text("nothing\n")


def damage_the_index(directory: Path) -> None:
    (directory / "index").write_bytes(b"DIRC")


def damage_the_settings(directory: Path) -> None:
    (directory / "config").write_text("[core\n")


def name_no_repository(directory: Path) -> None:
    directory.rename(directory.with_name("moved"))
    directory.write_text("gitdir: ../nowhere\n")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (damage_the_head, "not a git repository"),
        (damage_the_index, "index file"),
        (damage_the_settings, "bad config line"),
        (name_no_repository, "not a git repository"),
    ],
)
def test_where_git_refuses_it_is_said_in_its_words(folder: Path, damage: object, says: str) -> None:
    (folder / ".env").write_text("KEY=1\n")
    assert callable(damage)
    damage(folder / ".git")
    with pytest.raises(GitError, match=says) as caught:
        read_space(folder).files()
    assert caught.value.path == folder / ".git"
    assert "git status" in caught.value.remedy


def test_objects_that_are_lost_are_an_error(folder: Path) -> None:
    for path in (folder / ".git" / "objects").glob("??/*"):
        path.unlink()
    with pytest.raises(GitError, match=r"fatal|error"):
        carried(read_space(folder))


def test_without_git_a_repository_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitError, match="no git here") as caught:
        read_space(folder).files()
    assert "install git" in caught.value.remedy


def test_without_git_a_folder_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert look(write_space(tmp_path)) == SPACE_FILES


def test_an_empty_folder_of_that_name_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert look(write_space(tmp_path / "space")) == SPACE_FILES


def test_a_second_working_tree_has_the_files_of_its_own(folder: Path, tmp_path: Path) -> None:
    git(folder, "worktree", "add", "--quiet", str(tmp_path / "second"))
    commit(tmp_path / "second", more__txt=b"")
    assert look(tmp_path / "second") == tuple(sorted([*SPACE_FILES, "more.txt"]))
    assert look(folder) == SPACE_FILES


def test_of_a_partial_clone_what_is_here_counts(folder: Path, tmp_path: Path) -> None:
    (folder / "data").mkdir()
    commit(folder / "data", large__bin=b"\0")
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", "--sparse", folder.as_uri(), "partial")
    seen = carried(read_space(tmp_path / "partial"))
    assert {file.path for file in seen or ()} == set(SPACE_FILES)


def test_a_name_that_is_not_utf_8_is_a_name(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.txt")).touch()
    commit(folder)
    space = read_space(folder)
    assert os.fsdecode(b"caf\xe9.txt") in space.files()
    assert carried(space)


def test_a_submodule_is_a_folder_and_none_of_its_files_is_pushed(folder: Path, tmp_path: Path) -> None:
    other = repository(write_space(tmp_path / "other"))
    git(folder, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "part")
    space = read_space(folder)
    assert set(space.files()) == {".gitmodules", "part", *SPACE_FILES}
    assert {file.path for file in carried(space) or ()} == {".gitmodules", *SPACE_FILES}


def test_what_git_never_ends_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / ".git" / "never")
    settings(folder, "[include]", "path = never")
    monkeypatch.setattr(ours, "SECONDS", 0.3)
    with pytest.raises(GitError, match="did not end within"):
        read_space(folder).files()


def test_what_git_prints_has_a_bound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "MOST", 8)
    with pytest.raises(GitError, match="prints more than"):
        read_space(folder).files()
