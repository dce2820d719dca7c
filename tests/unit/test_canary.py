"""What is known as a secret of a run, and what only looks like one."""

from __future__ import annotations

import pytest

from spacedock import canary


def test_a_canary_is_new_each_time_and_known_as_ours() -> None:
    first, second = canary.fresh(), canary.fresh()
    assert first != second
    assert all(canary.is_in(f"password={value}\n".encode()) for value in (first, second))


def test_the_mark_alone_is_no_canary() -> None:
    assert not canary.is_in(f'MARK = "{canary.MARK}"'.encode())


@pytest.mark.parametrize(("characters", "known"), [(15, False), (16, True)])
def test_a_canary_has_sixteen_characters_behind_its_mark(characters: int, known: bool) -> None:
    assert canary.is_in(f"{canary.MARK}{'x' * characters}".encode()) is known


def test_a_canary_is_hard_to_guess() -> None:
    assert len(canary.fresh()) - len(canary.MARK) >= 32  # of 24 random bytes


def test_a_canary_is_blotted_out_whole() -> None:
    """And what stands around it is not."""
    said = f'"{canary.fresh()}", and "{canary.fresh(15)}".'.encode()
    assert canary.PATTERN.sub(b"***", said) == b'"***", and "***".'
