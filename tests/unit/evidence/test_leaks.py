"""What is found in one file of an image; kinds and places are held by the promise that asks for it."""

from __future__ import annotations

from pathlib import Path

from spacedock.evidence.leaks import inspector, rules
from spacedock.space import Space
from tests.unit.evidence.test_keys import REAL
from tests.unit.spaces import sound_space

KEY = REAL["an OpenAI key"]


def test_a_key_across_two_chunks_is_found(space: Space) -> None:
    chunks = iter([f"KEY = '{KEY[:20]}".encode(), KEY[20:].encode()])
    assert list(inspector(space)("/app/config.py", chunks)) == ["an OpenAI key"]


def test_equal_rules_see_equal_things(tmp_path: Path) -> None:
    one, other = (sound_space(tmp_path / name, manifest=f"[secrets]\n{name} = {{}}\n") for name in ("A", "B"))
    assert rules(one) == rules(one)
    assert rules(one) != rules(other)
