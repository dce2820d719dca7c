from __future__ import annotations

from spacedock import canary


def test_a_canary_is_new_each_time_and_known_as_ours() -> None:
    first, second = canary.fresh(), canary.fresh()
    assert first != second
    assert all(canary.is_in(f"password={value}\n".encode()) for value in (first, second))


def test_the_mark_alone_is_no_canary() -> None:
    assert not canary.is_in(f'MARK = "{canary.MARK}"'.encode())
