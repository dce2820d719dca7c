"""Thirteen faults in one copy of this repository's Space, each found and told."""

from __future__ import annotations

import pytest

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.registry import chosen
from spacedock.docks.conditions import Conditions
from spacedock.docks.image.dock import ImageDock
from spacedock.progress import silent
from spacedock.run.loop import Run
from spacedock.runs import open_run
from spacedock.space import read_space
from tests.thirteen import MISTAKES, Mistake, broken_copy

REFUSALS = "says-when-a-service-refuses"
each = pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)


@pytest.fixture(scope="module")
def findings(dock_name: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    """Hold the copy once to what is broken in it, and to what has its services refuse."""
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")
    space = read_space(broken_copy(tmp_path_factory.mktemp("thirteen")))
    promises = chosen(dict.fromkeys([*(mistake.promise for mistake in MISTAKES), REFUSALS]))
    # A dozen boots of it take their time on a machine that is busy with others.
    patient = Conditions(time_scale=1 / 10)
    with open_run() as run, Run(space, ImageDock(space, run, silent, patient)) as judging:
        return {finding.promise.id: finding for finding in judging.judge(promises)}


@each
def test_it_is_found_and_told(findings: dict[str, Finding], mistake: Mistake) -> None:
    finding = findings[mistake.promise]
    assert finding.outcome is Outcome.BROKEN, finding.detail
    seen = [problem.seen for problem in finding.problems]
    assert [each for each in seen if all(word in each for word in mistake.says)], seen
