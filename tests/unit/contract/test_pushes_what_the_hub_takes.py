from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Problem
from spacedock.evidence.base import FILES
from spacedock.space import Space, read_space
from tests.unit.contract.conftest import Hold
from tests.unit.evidence.repositories import BINARY, commit, git, pointer, repository
from tests.unit.fakes import FakeDock
from tests.unit.spaces import sound_space, write_space

PROMISE = "pushes-what-the-hub-takes"
UPLOAD = "jobs: { push: { steps: [{ run: hf upload owner/name . --repo-type space }] } }\n"


@pytest.fixture
def space(tmp_path: Path) -> Space:
    folder = write_space(tmp_path / "space")
    repository(folder)
    return read_space(folder)


def problems(space: Space, hold: Hold) -> tuple[Problem, ...]:
    finding = hold(PROMISE, space, FakeDock())
    assert finding.outcome in {Outcome.KEPT, Outcome.BROKEN}
    return finding.problems


def workflow(space: Space, text: str) -> None:
    path = space.root / ".github" / "workflows" / "push.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    git(space.root, "add", "--all")


def test_text_keeps_it(space: Space, hold: Hold) -> None:
    commit(space.root, notes__txt=b"a note")
    assert problems(space, hold) == ()


def test_it_is_looked_at_without_a_boot(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset())
    finding = hold(PROMISE, space, dock)
    assert finding.outcome is Outcome.KEPT
    assert finding.promise.needs == FILES
    assert dock.booted == []


def test_a_binary_breaks_it_in_the_hubs_words(space: Space, hold: Hold) -> None:
    commit(space.root, logo__png=BINARY)
    (problem,) = problems(space, hold)
    assert problem.seen == "`logo.png` is binary, outside LFS and Xet"
    assert "contains binary files" in problem.consequence
    assert "git lfs track" in problem.remedy


def test_a_binary_of_the_history_wants_another_remedy(space: Space, hold: Hold) -> None:
    commit(space.root, logo__png=BINARY)
    (space.root / "logo.png").unlink()
    commit(space.root)
    (problem,) = problems(space, hold)
    assert problem.seen == "in its history `logo.png` is binary, outside LFS and Xet"
    assert "orphan branch" in problem.remedy


def test_what_lfs_tracks_too_late_breaks_it_all_the_same(space: Space, hold: Hold) -> None:
    commit(space.root, logo__png=BINARY)
    commit(space.root, logo__png=pointer(16), __gitattributes=b"*.png filter=lfs diff=lfs merge=lfs -text\n")
    (problem,) = problems(space, hold)
    assert problem.seen.startswith("in its history `logo.png`")


def test_a_pointer_keeps_it(space: Space, hold: Hold) -> None:
    commit(space.root, logo__png=pointer(10**8))
    assert problems(space, hold) == ()


def test_a_large_file_is_said_to_be_large_and_not_to_be_binary(space: Space, hold: Hold) -> None:
    with (space.root / "model.pkl").open("wb") as file:
        file.truncate(10 * 2**20 + 1)
    commit(space.root)
    (problem,) = problems(space, hold)
    assert problem.seen == "`model.pkl` is larger than 10 MiB"
    assert "larger than 10 MiB" in problem.consequence


def test_many_files_are_one_problem(space: Space, hold: Hold) -> None:
    commit(space.root, **{f"logo{number}__png": BINARY + bytes([number]) for number in range(7)})
    (problem,) = problems(space, hold)
    assert problem.seen.startswith("`logo0.png`, `logo1.png`")
    assert problem.seen.endswith("`logo4.png` and 2 more: each is binary, outside LFS and Xet")


def test_more_than_a_repository_holds_breaks_it(space: Space, hold: Hold) -> None:
    commit(space.root, model__bin=pointer(6 * 10**8))
    commit(space.root, model__bin=pointer(6 * 10**8, oid="0" * 64))
    (problem,) = problems(space, hold)
    assert problem.seen.startswith("what is pushed has 1.20 GB, history and LFS included; a Space has 1 GB")
    assert "model.bin (572 MiB)" in problem.seen
    assert "Repository storage limit reached (Max: 1 GB)" in problem.consequence


def test_what_the_hub_has_is_not_refused_again(space: Space, hold: Hold) -> None:
    commit(space.root, logo__png=BINARY)
    git(space.root, "remote", "add", "space", "https://huggingface.co/spaces/owner/name")
    git(space.root, "update-ref", "refs/remotes/space/main", "HEAD")
    assert problems(space, hold) == ()


def test_the_client_may_upload_what_git_may_not_push(space: Space, hold: Hold) -> None:
    commit(space.root, logo__png=BINARY)
    workflow(space, UPLOAD)
    assert problems(space, hold) == ()


@pytest.mark.parametrize("orphan", [True, False])
def test_a_push_of_an_orphan_branch_leaves_the_history_behind(space: Space, hold: Hold, orphan: bool) -> None:
    commit(space.root, logo__png=BINARY)
    (space.root / "logo.png").unlink()
    commit(space.root)
    made = "git checkout --orphan space && " if orphan else ""
    push = f"{made}git push https://huggingface.co/spaces/owner/name HEAD:main"
    workflow(space, f"jobs: {{ push: {{ steps: [{{ run: '{push}' }}] }} }}\n")
    assert bool(problems(space, hold)) is not orphan


def test_the_client_uploads_no_history(space: Space, hold: Hold) -> None:
    commit(space.root, model__bin=pointer(6 * 10**8))
    commit(space.root, model__bin=pointer(6 * 10**8, oid="0" * 64))
    workflow(space, UPLOAD)
    assert problems(space, hold) == ()


def test_a_workflow_that_pushes_and_uploads_is_one_that_pushes(space: Space, hold: Hold) -> None:
    commit(space.root, logo__png=BINARY)
    push = "{ run: git push https://huggingface.co/spaces/owner/name }"
    workflow(space, UPLOAD.replace("steps: [", f"steps: [{push}, "))
    assert len(problems(space, hold)) == 1


def test_of_a_folder_in_no_repository_the_sum_counts(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path)
    (tmp_path / "logo.png").write_bytes(BINARY)
    assert problems(space, hold) == ()
    with (tmp_path / "model.bin").open("wb") as file:
        file.truncate(10**9)  # of which nothing is written
    (problem,) = problems(space, hold)
    assert problem.seen.startswith("what is pushed has 1.00 GB")
