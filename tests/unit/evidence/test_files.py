"""What files tell is gathered without a dock, and once a run."""

from __future__ import annotations

from typing import Any

import pytest

from spacedock.evidence import files
from spacedock.evidence.base import FILES, WHAT_IS_READ, Evidence, Input
from spacedock.evidence.files import Deploys, FolderSize, FrontMatterDefects, HostSizings, PushedFiles
from spacedock.run.loop import Run
from spacedock.space import Space
from spacedock.space.workflows import Way
from tests.unit.evidence.repositories import repository

EVERY = (FrontMatterDefects(), Deploys(), PushedFiles(), FolderSize(), HostSizings(5))


@pytest.mark.parametrize("evidence", EVERY, ids=lambda each: type(each).__name__)
def test_it_needs_files_and_depends_on_what_is_read(evidence: Evidence[Any], space: Space) -> None:
    assert evidence.needs == FILES
    assert evidence.inputs <= WHAT_IS_READ | {Input.REPOSITORY}
    assert evidence.boots(space) == ()


@pytest.mark.parametrize("evidence", EVERY, ids=lambda each: type(each).__name__)
def test_it_is_seen_without_a_dock(evidence: Evidence[Any], space: Space) -> None:
    with Run(space) as run:
        run.look(evidence)


def test_git_is_asked_once_for_equal_evidence(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(files, "carried", lambda _, *, with_history: asked.append(with_history))
    with Run(space) as run:
        for with_history in (True, False, True):
            run.look(PushedFiles(with_history))
    assert asked == [True, False]


def test_each_says_what_it_is_named_for(space: Space) -> None:
    repository(space.root)
    workflow = space.root / ".github" / "workflows" / "push.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("jobs: { push: { steps: [{ run: hf upload owner/name . --repo-type space }] } }\n")
    (space.root / "app.py").write_text("workers = os.cpu_count()\n")
    with Run(space) as run:
        assert [step.way for step in run.look(Deploys())] == [Way.UPLOAD]
        pushed = run.look(PushedFiles()) or ()
        assert {file.path for file in pushed} == {"README.md", "Dockerfile", "app.py", "space.toml"}
        assert [str(found) for found in run.look(HostSizings(5))] == ["app.py:1 `os.cpu_count()`"]
        assert run.look(FolderSize()) == sum((space.root / file.path).stat().st_size for file in pushed)
