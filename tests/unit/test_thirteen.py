"""The thirteen faults still fit this repository's Space; that they are found is an integration test."""

from __future__ import annotations

import ast
from pathlib import Path

from spacedock.contract.registry import all_promises
from spacedock.space import read_space
from tests.thirteen import MISTAKES, broken_copy


def test_there_are_thirteen_and_each_names_a_promise() -> None:
    assert len({mistake.name for mistake in MISTAKES}) == 13
    assert {mistake.promise for mistake in MISTAKES} <= {promise.id for promise in all_promises()}


def test_each_fits_the_sources_as_they_are(tmp_path: Path) -> None:
    space = read_space(broken_copy(tmp_path))
    assert space.manifest.space.id
    for file in tmp_path.rglob("*.py"):
        ast.parse(file.read_text())
