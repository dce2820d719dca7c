from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.space.workflows import Deploy, Way, brings_history, deploys
from tests.unit.evidence.repositories import git

JOB = "jobs:\n  push:\n    runs-on: ubuntu-24.04\n    steps:\n"
SYNC = "      - uses: huggingface/hub-sync@v0.3.0\n"
CHECKOUT = "      - uses: actions/checkout@v6\n"
WHOLE = CHECKOUT + "        with:\n          fetch-depth: 0\n"
URL = "https://owner:$HF_TOKEN@huggingface.co/spaces/owner/name"
SHALLOW = Deploy(".github/workflows/push.yml:6", Way.PUSH, shallow=True)


def write(folder: Path, text: str) -> None:
    path = folder / ".github" / "workflows" / "push.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def found(folder: Path, *steps: str, space_id: str = "owner/name") -> tuple[Deploy, ...]:
    write(folder, JOB + "".join(steps))
    return deploys(folder, space_id)


def sync(*inputs: str) -> str:
    return f"{SYNC}        with:\n" + "".join(f"          {line}\n" for line in inputs)


def run(*lines: str) -> str:
    return "      - run: |\n" + "".join(f"          {line}\n" for line in lines)


def test_a_sync_is_found_with_its_line_and_its_sdk(tmp_path: Path) -> None:
    steps = (CHECKOUT, sync("huggingface_repo_id: owner/name", "space_sdk: static"))
    assert found(tmp_path, *steps) == (Deploy(".github/workflows/push.yml:6", Way.SYNC, sdk="static"),)


def test_a_sync_that_names_no_sdk_has_none(tmp_path: Path) -> None:
    (step,) = found(tmp_path, SYNC)
    assert (step.way, step.sdk) == (Way.SYNC, "")


@pytest.mark.parametrize(
    ("space_id", "input_"),
    [("owner/name", "repo_type: dataset"), ("me/mine", "huggingface_repo_id: owner/other")],
)
def test_a_sync_of_something_else_is_none_of_the_space(tmp_path: Path, space_id: str, input_: str) -> None:
    assert found(tmp_path, sync(input_), space_id=space_id) == ()


def test_a_sync_may_say_that_it_is_of_a_space(tmp_path: Path) -> None:
    assert found(tmp_path, sync("repo_type: space", "huggingface_repo_id: me/mine"), space_id="me/mine")


@pytest.mark.parametrize("space_id", ["", "owner/name"])
def test_a_space_without_a_manifest_may_be_any(tmp_path: Path, space_id: str) -> None:
    assert found(tmp_path, sync("huggingface_repo_id: me/mine"), space_id=space_id)


def test_a_sync_to_a_name_that_only_github_knows_may_be_the_spaces(tmp_path: Path) -> None:
    assert found(tmp_path, sync("huggingface_repo_id: ${{ vars.SPACE }}"), space_id="me/mine")


def test_an_upload_of_a_space_is_found_over_two_lines(tmp_path: Path) -> None:
    (step,) = found(tmp_path, run("hf upload owner/name . . \\", "  --repo-type space"))
    assert step.way is Way.UPLOAD


@pytest.mark.parametrize(
    "command",
    [
        "huggingface-cli upload owner/name . --repo-type space",
        "hf upload owner/name . --repo-type=space",
        "hf upload owner/name . . --type space",
        'hf upload owner/name . --type="space"',
        "hf upload --type space owner/name",
        "hf upload spaces/owner/name . .",
        "hf upload --token $HF_TOKEN spaces/owner/name .",
        "hf upload --quiet hf://spaces/owner/name .",
        'hf upload "hf://spaces/$OWNER/name" .',
        "hf upload-large-folder owner/name --repo-type=space .",
    ],
)
def test_an_upload_has_several_spellings(tmp_path: Path, command: str) -> None:
    (step,) = found(tmp_path, run(command))
    assert step.way is Way.UPLOAD


@pytest.mark.parametrize(
    "command",
    ["hf upload owner/name .", "hf upload owner/name spaces/owner .", "hf upload owner/name . --type model"],
)
def test_an_upload_of_a_model_is_no_deploy(tmp_path: Path, command: str) -> None:
    assert found(tmp_path, run(command)) == ()


@pytest.mark.parametrize("option", ["-f", "--force", "--force-with-lease", "--mirror", "+HEAD:main"])
def test_a_push_with_force_is_told_from_one_without(tmp_path: Path, option: str) -> None:
    plain, forced = found(tmp_path, WHOLE, run(f"git push {URL} main"), run(f"git push {URL} {option}"))
    assert (plain.way, plain.forced, forced.forced) == (Way.PUSH, False, True)


@pytest.mark.parametrize("end", [" && git fetch --force", "; git fetch -f", " || git fetch -f", " | tee -f"])
def test_what_the_next_command_forces_is_not_the_push(tmp_path: Path, end: str) -> None:
    (step,) = found(tmp_path, WHOLE, run(f"git push {URL} main{end}"))
    assert not step.forced


@pytest.mark.parametrize("command", ["git -C space push", "git -c user.name=me push", "cd space && git push"])
@pytest.mark.parametrize(
    "target",
    [
        "https://huggingface.co/spaces/me/mine",
        "https://huggingface.co/spaces/me/mine.git",
        "https://hf.co/spaces/me/mine",
        "https://huggingface.co/spaces/${{ vars.SPACE }}",
        "https://huggingface.co/spaces/$OWNER/$NAME",
    ],
)
def test_a_push_has_several_spellings(tmp_path: Path, command: str, target: str) -> None:
    (step,) = found(tmp_path, run(f"{command} {target} main"), space_id="me/mine")
    assert step.way is Way.PUSH


def test_a_checkout_of_some_commits_has_no_history(tmp_path: Path) -> None:
    some = WHOLE.replace("fetch-depth: 0", "fetch-depth: 50")
    assert [step.shallow for step in found(tmp_path, some, run(f"git push {URL} main"))] == [True]


def test_a_push_after_a_plain_checkout_has_no_history(tmp_path: Path) -> None:
    assert found(tmp_path, CHECKOUT, run(f"git push {URL} main")) == (SHALLOW,)


def test_a_push_after_a_whole_checkout_has_one(tmp_path: Path) -> None:
    (step,) = found(tmp_path, WHOLE, run(f"git push {URL} main"))
    assert not step.shallow


def test_a_job_without_a_checkout_pushes_what_it_made_itself(tmp_path: Path) -> None:
    (step,) = found(tmp_path, run(f"git push {URL} main"))
    assert not step.shallow


@pytest.mark.parametrize(
    "command",
    [
        "git fetch --unshallow",
        "git checkout --orphan deploy",
        "git init",
        f"git clone {URL} space",
        "git subtree split --prefix app",
    ],
)
def test_a_script_that_makes_or_gets_a_history_has_one(tmp_path: Path, command: str) -> None:
    (step,) = found(tmp_path, CHECKOUT, run(command, f"git push {URL} main"))
    assert not step.shallow
    assert step.anew is ("--unshallow" not in command)


@pytest.mark.parametrize(
    ("scripts", "brought"),
    [
        ([], True),  # somebody pushes by hand
        ([f"git push {URL} main"], True),
        (["git checkout --orphan deploy", f"git push --force {URL} deploy:main"], False),
        (["hf upload owner/name . --repo-type space"], False),
        (["hf upload owner/name . --repo-type space", f"git push {URL} main"], True),
    ],
)
def test_the_repositorys_history_comes_with_a_push_of_it(
    tmp_path: Path, scripts: list[str], brought: bool
) -> None:
    assert brings_history(found(tmp_path, WHOLE, *map(run, scripts))) is brought


@pytest.mark.parametrize("words", ["add", "add -f", "set-url", "set-url --push"])
def test_a_push_to_a_remote_is_one_to_where_that_points(tmp_path: Path, words: str) -> None:
    url = "https://me:${{ secrets.HF_TOKEN }}@huggingface.co/spaces/owner/name"
    (step,) = found(tmp_path, CHECKOUT, run(f"git remote {words} space {url}"), run("git push space main"))
    assert step.shallow


@pytest.mark.parametrize(
    "command",
    ["git push origin main", "git push https://huggingface.co/owner/model main", "git pull space main"],
)
def test_a_push_to_elsewhere_is_none_of_the_space(tmp_path: Path, command: str) -> None:
    assert found(tmp_path, CHECKOUT, run(command)) == ()


def test_a_push_to_another_space_is_none_of_this_one(tmp_path: Path) -> None:
    assert found(tmp_path, CHECKOUT, run(f"git push {URL} main"), space_id="me/mine") == ()


def test_workflows_above_the_space_count_up_to_the_repository(tmp_path: Path) -> None:
    space = tmp_path / "repository" / "space"
    space.mkdir(parents=True)
    write(tmp_path / "repository", JOB + SYNC)
    write(tmp_path, JOB + SYNC + SYNC)
    assert deploys(space, "owner/name") == ()  # of a folder that is in none, what is above is nobody's
    git(tmp_path / "repository", "init", "--quiet")
    assert len(deploys(space, "owner/name")) == 1


@pytest.mark.parametrize("link", [".github", ".github/workflows", ".github/workflows/deploy.yml"])
def test_a_link_is_no_workflow(tmp_path: Path, link: str) -> None:
    write(tmp_path / "outside", JOB + SYNC)
    (written,) = (tmp_path / "outside" / ".github" / "workflows").iterdir()
    written.rename(written.with_name("deploy.yml"))
    space = tmp_path / "space"
    (space / link).parent.mkdir(parents=True)
    (space / link).symlink_to(tmp_path / "outside" / link)
    assert deploys(space, "owner/name") == ()
    assert len(deploys(tmp_path / "outside", "owner/name")) == 1


@pytest.mark.parametrize("text", ["jobs: [", "jobs: [push]", "jobs: { push: { uses: ./other.yml } }", ""])
def test_a_workflow_that_has_no_steps_is_left_alone(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert deploys(tmp_path, "owner/name") == ()
