from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promises.front_matter_is_valid import FrontMatterIsValid
from spacedock.platform import Fact
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock
from tests.unit.spaces import sound_space

PROMISE = "front-matter-is-valid"


def test_a_block_that_the_hub_accepts_keeps_it(space: Space, hold: Hold) -> None:
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_each_defect_is_a_problem_with_its_place_and_its_remedy(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, readme="---\nsdk: docker\nemoji: robot\ncolorTo: orange\n---\n")
    finding = hold(PROMISE, space, FakeDock())
    assert finding.outcome is Outcome.BROKEN
    first, second = finding.problems
    assert first.seen.endswith("README.md:3: `emoji` is 'robot', not one emoji")
    assert "README.md:4: `colorTo` is 'orange', which is not accepted" in second.seen
    assert second.remedy.startswith("use one of red, yellow")


@pytest.mark.parametrize(("is_aged", "red"), [(False, True), (True, False)])
def test_a_value_of_a_list_that_is_old_warns(
    tmp_path: Path, hold: Hold, monkeypatch: pytest.MonkeyPatch, is_aged: bool, red: bool
) -> None:
    monkeypatch.setattr(Fact, "is_aged", lambda *_: is_aged)
    space = sound_space(tmp_path, readme="---\nsdk: docker\nlicense: openmdw-2.0\n---\n")
    finding = hold(PROMISE, space, FakeDock())
    assert (finding.outcome, finding.is_red(), finding.is_red(strict=True)) == (Outcome.BROKEN, red, True)


def test_a_key_that_nobody_knows_breaks_nothing(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, readme="---\nsdk: docker\napp_prot: 8080\n---\n")
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_it_is_looked_at_without_a_boot(space: Space, hold: Hold) -> None:
    dock = FakeDock(capabilities=frozenset())
    assert hold(PROMISE, space, dock).outcome is Outcome.KEPT
    assert dock.booted == []


def test_files_alone_tell_all_of_it(space: Space) -> None:
    with Run(space) as run:
        (finding,) = run.judge([FrontMatterIsValid()])
    assert finding.outcome is Outcome.KEPT
