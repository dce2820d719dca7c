from __future__ import annotations

import time
from itertools import count

import pytest

from spacedock.evidence.quiet import quiet
from tests.unit.fakes import FakeInstance


class Writing(FakeInstance):
    """Has more to say each time it is asked, up to `lines` lines."""

    lines: float = 0

    def logs(self) -> str:
        self.log += "a line\n" if self.log.count("\n") < self.lines else ""
        return self.log


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is a tenth of a second after the one before."""
    ticks = count()
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks) / 10)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


def test_what_is_written_after_the_answer_is_waited_for() -> None:
    instance = Writing()
    instance.lines = 5
    assert quiet(instance) is instance
    assert instance.log.count("\n") == 5


def test_who_never_stops_talking_is_not_waited_for_for_ever() -> None:
    instance = Writing()
    instance.lines = float("inf")
    quiet(instance)
    assert instance.log.count("\n") == 21
