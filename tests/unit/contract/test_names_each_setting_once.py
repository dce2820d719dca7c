from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.contract.finding import Outcome
from tests.unit.contract.conftest import Hold
from tests.unit.fakes import FakeDock
from tests.unit.spaces import sound_space

PROMISE = "names-each-setting-once"


def test_two_lists_without_a_common_name_keep_it(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest='[secrets]\nKEY = {}\n[variables]\nMODE = "1"\n')
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


def test_names_that_differ_in_case_are_two(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest='[secrets]\nKEY = {}\n[variables]\nkey = "1"\n')
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.KEPT


@pytest.mark.parametrize("manifest", ["[secrets]\nKEY = {}\n", '[variables]\nKEY = "1"\n', ""])
def test_one_list_alone_is_nothing_to_check(tmp_path: Path, hold: Hold, manifest: str) -> None:
    space = sound_space(tmp_path, manifest=manifest)
    assert hold(PROMISE, space, FakeDock()).outcome is Outcome.NOT_ASKED


def test_each_name_in_both_is_a_problem_in_the_platforms_words(tmp_path: Path, hold: Hold) -> None:
    text = '[secrets]\nB = {}\nA = {}\nC = {}\n[variables]\nA = "1"\nB = "2"\n'
    dock = FakeDock()
    finding = hold(PROMISE, sound_space(tmp_path, manifest=text), dock)
    assert finding.outcome is Outcome.BROKEN
    first, second = finding.problems
    assert first.seen.endswith("space.toml: `A` is both a secret and a variable")
    assert second.seen.endswith("space.toml: `B` is both a secret and a variable")
    assert first.consequence.startswith("CONFIG_ERROR: Collision on variables and secrets names")
    assert dock.booted == []


def test_it_is_looked_at_without_a_boot(tmp_path: Path, hold: Hold) -> None:
    space = sound_space(tmp_path, manifest='[secrets]\nKEY = {}\n[variables]\nMODE = "1"\n')
    assert hold(PROMISE, space, FakeDock(capabilities=frozenset())).outcome is Outcome.KEPT
