from __future__ import annotations

import pytest

from spacedock.durations import seconds, spelled


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", 1800),
        ("1h", 3600),
        ("90", 90),
        ("2 hours", 7200),
        (" 45 sec ", 45),
        ("1 day", 86400),
        ("5 min", 300),
    ],
)
def test_a_duration_has_seconds(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        (("s", "sec", "second", "seconds"), 1),
        (("m", "min", "minute", "minutes"), 60),
        (("h", "hr", "hour", "hours"), 3600),
        (("d", "day", "days"), 86400),
    ],
)
def test_a_unit_has_several_spellings(units: tuple[str, ...], expected: float) -> None:
    assert {seconds(f"1 {unit}") for unit in units} == {expected}


@pytest.mark.parametrize("text", ["soon", "1h30m", "-5m", "0m", "m", "", "None", "3 months"])
def test_what_is_none_has_no_seconds(text: str) -> None:
    assert seconds(text) is None


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (1800, "30 min"),
        (7200, "120 min"),
        (90, "90 s"),
        (0.5, "0.5 s"),
        (0.12345, "0.123 s"),
        (3601, "3601 s"),
    ],
)
def test_it_is_spelled_as_the_platform_does(duration: float, text: str) -> None:
    assert spelled(duration) == text
