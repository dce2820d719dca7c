"""A folder that is no Docker Space breaks the promise that its stage is about, and the others wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promises.binds_app_port import BindsAppPort
from spacedock.contract.promises.builds_from_what_is_pushed import BuildsFromWhatIsPushed
from spacedock.contract.promises.front_matter_is_valid import FrontMatterIsValid
from spacedock.contract.unreadable import broken_by, findings_of
from spacedock.errors import UsageError
from spacedock.space import read_space
from tests.unit.spaces import write_space

PROMISES = (BindsAppPort(), BuildsFromWhatIsPushed(), FrontMatterIsValid())


def refused(folder: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read_space(folder)
    return caught.value


def test_a_readme_without_its_block_breaks_the_front_matter(tmp_path: Path) -> None:
    error = refused(write_space(tmp_path, readme="# Text\n"))
    findings = findings_of(error, PROMISES)
    (broken,) = (finding for finding in findings if finding.outcome is Outcome.BROKEN)
    assert broken.promise.id == "front-matter-is-valid"
    (problem,) = broken.problems
    assert "README.md:1: the first line is not `---`" in problem.seen
    assert problem.consequence.startswith("CONFIG_ERROR")
    assert problem.remedy == error.remedy
    assert {finding.outcome for finding in findings} == {Outcome.BROKEN, Outcome.BLOCKED}


def test_those_that_wait_name_what_they_wait_for(tmp_path: Path) -> None:
    error = refused(write_space(tmp_path, readme="# Text\n"))
    waiting = [each for each in findings_of(error, PROMISES) if each.outcome is Outcome.BLOCKED]
    assert len(waiting) == 2
    assert {each.blame for each in waiting} == {"front-matter-is-valid"}
    assert all(each.detail == f"there is no Docker Space to boot: {error.what}" for each in waiting)


def test_a_folder_without_a_dockerfile_does_not_build(tmp_path: Path) -> None:
    folder = write_space(tmp_path)
    (folder / "Dockerfile").unlink()
    assert broken_by(refused(folder)) == "builds-from-what-is-pushed"


def test_a_manifest_that_cannot_be_read_is_no_failure_of_the_platform(tmp_path: Path) -> None:
    assert broken_by(refused(write_space(tmp_path, manifest="[space"))) == ""
