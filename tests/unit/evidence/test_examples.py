from __future__ import annotations

from spacedock.evidence.examples import told


def test_a_few_examples_stand_for_all() -> None:
    assert told(["a"]) == "a"
    assert told("abcde") == "a; b; c (and 2 more)"
