from __future__ import annotations

import pytest

from spacedock import platform
from spacedock.docks.differences import DIFFERENCES, Difference, Stance

BY_NAME = pytest.mark.parametrize(("name", "difference"), DIFFERENCES.items(), ids=list(DIFFERENCES))


def test_every_fact_is_accounted_for_and_nothing_else() -> None:
    assert set(DIFFERENCES) == set(platform.all_facts())


@BY_NAME
def test_each_dock_has_a_stance(name: str, difference: Difference) -> None:
    assert [dock for dock, _ in difference] == ["image", "process"]


@BY_NAME
def test_what_is_not_emulated_says_why(name: str, difference: Difference) -> None:
    assert all(standing.note for _, standing in difference if standing.stance is not Stance.EMULATED)


@BY_NAME
def test_only_what_is_contested_or_hangs_on_it_is_emulated_both_ways(
    name: str, difference: Difference
) -> None:
    both = any(standing.stance is Stance.BOTH for _, standing in difference)
    hangs_on = {"EDGE_", "EGRESS_", "CREDENTIALED_CALLS_FAIL"}
    assert not both or platform.all_facts()[name].contested or name.startswith(tuple(hangs_on))
