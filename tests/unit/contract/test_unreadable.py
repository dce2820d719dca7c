"""A folder that is no Docker Space breaks the promise that its stage is about, and the others wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.registry import all_promises
from spacedock.contract.unreadable import broken_by, findings_of
from spacedock.errors import UsageError
from spacedock.space import read_space
from tests.unit.spaces import write_space


def refused(folder: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read_space(folder)
    return caught.value


def test_a_readme_without_its_block_breaks_the_front_matter(tmp_path: Path) -> None:
    error = refused(write_space(tmp_path, readme="# Text\n"))
    findings = findings_of(error, all_promises())
    (broken,) = (finding for finding in findings if finding.outcome is Outcome.BROKEN)
    assert broken.promise.id == "front-matter-is-valid"
    (problem,) = broken.problems
    assert "README.md:1: the first line is not `---`" in problem.seen
    assert problem.consequence.startswith("CONFIG_ERROR")
    assert problem.remedy == error.remedy
    assert {finding.outcome for finding in findings} == {Outcome.BROKEN, Outcome.BLOCKED}


def test_a_folder_without_a_dockerfile_does_not_build(tmp_path: Path) -> None:
    folder = write_space(tmp_path)
    (folder / "Dockerfile").unlink()
    assert broken_by(refused(folder)) == "builds-from-what-is-pushed"


def test_a_manifest_that_cannot_be_read_is_no_failure_of_the_platform(tmp_path: Path) -> None:
    assert broken_by(refused(write_space(tmp_path, manifest="[space"))) == ""
