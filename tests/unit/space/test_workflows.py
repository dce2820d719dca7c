from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.space.workflows import wrong_syncs

STEPS = """\
jobs:
  push:
    steps:
      - uses: actions/checkout@v6
      - uses: huggingface/hub-sync@v0.3.0
"""


def syncs(folder: Path, *inputs: str, space_id: str = "owner/name") -> list[str]:
    path = folder / ".github" / "workflows" / "push.yml"
    path.parent.mkdir(parents=True)
    path.write_text(STEPS + "        with:\n" + "".join(f"          {line}\n" for line in inputs))
    return list(wrong_syncs(folder, space_id))


def test_a_sync_without_an_sdk_is_told_that_it_means_gradio(tmp_path: Path) -> None:
    (said,) = syncs(tmp_path, "huggingface_repo_id: owner/name")
    assert said.startswith(".github/workflows/push.yml:5: hub-sync creates a Space with `space_sdk` unset")
    assert said.endswith("add `space_sdk: docker`")


def test_a_sync_with_another_sdk_is_told_which(tmp_path: Path) -> None:
    (said,) = syncs(tmp_path, "huggingface_repo_id: owner/name", "space_sdk: static")
    assert "`space_sdk: static`" in said


@pytest.mark.parametrize(
    "inputs",
    [
        ("huggingface_repo_id: owner/name", "space_sdk: docker"),
        ("huggingface_repo_id: owner/name", "repo_type: dataset"),
    ],
)
def test_a_sync_that_is_right_or_no_space_is_left_alone(tmp_path: Path, inputs: tuple[str, ...]) -> None:
    assert syncs(tmp_path, *inputs) == []


def test_a_sync_of_another_space_is_left_alone(tmp_path: Path) -> None:
    assert syncs(tmp_path, "huggingface_repo_id: owner/other", space_id="me/mine") == []


def test_workflows_above_the_space_count_up_to_the_repository(tmp_path: Path) -> None:
    space = tmp_path / "repository" / "space"
    space.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    assert syncs(tmp_path, "huggingface_repo_id: owner/name")
    assert list(wrong_syncs(space, "owner/name")) == []


def test_a_workflow_that_is_no_yaml_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".github" / "workflows" / "push.yml"
    path.parent.mkdir(parents=True)
    path.write_text("jobs: [")
    assert list(wrong_syncs(tmp_path, "owner/name")) == []
