"""A push to a repository of this machine is answered as the Hub answers one."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.errors import UsageError
from spacedock.failures.push import push
from tests.unit.evidence.repositories import BINARY, pointer
from tests.unit.spaces import SOUND_README, write_space

DECLINED = "! [remote rejected] main -> main (pre-receive hook declined)"
JOB = """\
jobs:
  push:
    steps:
      - uses: actions/checkout@v6
        with: { fetch-depth: DEPTH }
      - run: git push OPTION https://huggingface.co/spaces/owner/name main
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_space(tmp_path / "space")


def workflow(folder: Path, *, depth: int, option: str = "") -> None:
    path = folder / ".github" / "workflows" / "push.yml"
    path.parent.mkdir(parents=True)
    path.write_text(JOB.replace("DEPTH", str(depth)).replace("OPTION", option))


def test_what_the_hub_takes_arrives(folder: Path) -> None:
    said = push(folder)
    assert " create mode 100644 app.py" in said
    assert "* [new branch]      main -> main" in said
    assert "remote:" not in said


def test_a_binary_is_refused_and_named(folder: Path) -> None:
    (folder / "logo.png").write_bytes(BINARY)
    said = push(folder)
    assert "remote: Your push was rejected because it contains binary files." in said
    assert "remote:   - logo.png (ref: refs/heads/main)" in said
    assert "app.py (ref" not in said
    assert DECLINED in said


def test_a_large_file_is_refused_as_large(folder: Path) -> None:
    with (folder / "model.pkl").open("wb") as file:
        file.truncate(10 * 2**20 + 1)
    said = push(folder)
    assert "remote: Your push was rejected because it contains files larger than 10 MiB." in said
    assert "remote:   - model.pkl (ref: refs/heads/main)" in said
    assert "binary" not in said


def test_what_lfs_has_counts_towards_the_sum(folder: Path) -> None:
    (folder / "small.bin").write_bytes(pointer(10**9 - 10**6))
    assert "remote:" not in push(folder)
    other = write_space(folder.with_name("other"))
    (other / "large.bin").write_bytes(pointer(10**9))
    said = push(other)
    assert "remote: Repository storage limit reached (Max: 1 GB)" in said
    assert DECLINED in said


def test_each_value_of_the_front_matter_is_held_to_the_hubs_rules(folder: Path) -> None:
    wrong = f"sdk: docker\ncolorTo: violet\nemoji: robot\nshort_description: {'a' * 61}\n"
    (folder / "README.md").write_text(SOUND_README.replace("sdk: docker\n", wrong))
    said = push(folder)
    assert "remote: Sorry, your push was rejected during YAML metadata verification:" in said
    assert 'remote: - Error: "colorTo" must be one of [red, yellow, green, blue,' in said
    assert 'remote: - Error: "short_description" length must be less than or equal to 60 characters' in said
    assert "remote: - Error: `emoji` is 'robot'" in said


def test_a_readme_without_front_matter_is_taken(folder: Path) -> None:
    (folder / "README.md").write_text("# A Space\n")
    assert "remote:" not in push(folder)


def test_a_commit_made_in_the_browser_stands_in_the_way(folder: Path) -> None:
    assert "! [rejected]        main -> main (fetch first)" in push(folder, edited=True)


def test_a_workflow_with_force_overwrites_it(folder: Path) -> None:
    workflow(folder, depth=0, option="--force")
    assert "main -> main (forced update)" in push(folder, edited=True)


def test_a_checkout_without_history_is_refused_by_git_itself(folder: Path) -> None:
    workflow(folder, depth=1, option="--force")
    assert "! [remote rejected] main -> main (shallow update not allowed)" in push(folder)


@pytest.mark.parametrize(("given", "sdk"), [("", "gradio"), (", with: { space_sdk: docker }", "docker")])
def test_of_a_sync_the_log_names_what_it_creates(folder: Path, given: str, sdk: str) -> None:
    path = folder / ".github" / "workflows" / "push.yml"
    path.parent.mkdir(parents=True)
    path.write_text(f"jobs: {{ push: {{ steps: [{{ uses: huggingface/hub-sync@v0.3.0{given} }}] }} }}\n")
    assert push(folder).endswith(f"Space SDK: {sdk}\n")


def test_nothing_of_whoever_runs_it_has_a_say(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[user]\n\tname = Somebody\n[push]\n\tdefault = nothing\n[core]\n\thooksPath = /nowhere\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    (folder / "logo.png").write_bytes(BINARY)
    assert DECLINED in push(folder)


def test_without_git_it_is_said_what_mends_that(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="no git here") as caught:
        push(folder)
    assert "install git" in caught.value.remedy
