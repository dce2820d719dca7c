"""A test that cannot fail is a defect: every promise has a Space that breaks it, and breaks nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.base import Outcome
from spacedock.contract.examine import all_promises
from spacedock.verdict.model import BROKEN
from tests.integration.conftest import Hold
from tests.integration.specimens import all_specimens
from tests.integration.specimens.base import Specimen


@pytest.mark.parametrize("specimen", all_specimens(), ids=lambda specimen: specimen.name.replace(" ", "-"))
def test_a_specimen_breaks_the_promise_that_it_names_and_no_other(
    specimen: Specimen, hold: Hold, dock_name: str, tmp_path: Path
) -> None:
    if specimen.image_only and dock_name != "image":
        pytest.skip("the process dock cannot show it: tox -e integration -- --dock=image")
    verdict = hold(specimen.write(tmp_path / "space"))
    broken = [finding for finding in verdict.findings if finding.outcome is Outcome.BROKEN]
    assert [finding.promise.id for finding in broken] == [specimen.breaks]
    assert specimen.says in "\n".join(problem.seen for problem in broken[0].problems)
    assert verdict.exit_code(strict=True) == BROKEN


def test_every_promise_has_a_specimen_that_breaks_it() -> None:
    assert {promise.id for promise in all_promises()} == {specimen.breaks for specimen in all_specimens()}
