"""Thirteen faults in one copy of this repository's Space, each found and told."""

from __future__ import annotations

import pytest

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.registry import all_promises
from spacedock.docks.image.dock import ImageDock
from spacedock.progress import silent
from spacedock.run.loop import Run
from spacedock.runs import open_run
from spacedock.space import read_space
from tests.thirteen import MISTAKES, Mistake, broken_copy

each = pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)


@pytest.fixture(scope="module")
def findings(dock_name: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    """Hold the copy once to the whole contract: what one promise looks at, another may tell of."""
    if dock_name != "image":
        pytest.skip("needs the image dock: tox -e integration -- --dock=image")
    space = read_space(broken_copy(tmp_path_factory.mktemp("thirteen")))
    with open_run() as run, Run(space, ImageDock(space, run, silent)) as judging:
        return {finding.promise.id: finding for finding in judging.judge(all_promises())}


@each
def test_it_is_found_and_told(findings: dict[str, Finding], mistake: Mistake) -> None:
    finding = findings[mistake.promise]
    assert finding.outcome is Outcome.BROKEN, finding.detail
    seen = [problem.seen for problem in finding.problems]
    assert [each for each in seen if all(word in each for word in mistake.says)], seen
