"""Who waits for a Space is told of the end of what it leans on: its sandbox, its edge."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from spacedock.docks.image.events import ContainerEvents
from spacedock.engine import Engine
from spacedock.errors import EngineError


class Listening(ContainerEvents):
    """Hears what a test says."""

    def __init__(self) -> None:
        engine = SimpleNamespace(another_client=lambda **_: None, address="here")
        super().__init__(cast("Engine", engine), "a label")

    def died(self, container: str, code: int = 137) -> None:
        event: dict[str, Any] = {
            "id": container,
            "status": "die",
            "Actor": {"Attributes": {"exitCode": code}},
        }
        self._hear(event)


@pytest.fixture
def events() -> Listening:
    return Listening()


def test_whoever_waits_is_told_at_once_what_ended(events: Listening) -> None:
    events.lean("space", "sandbox", "the sandbox of the Space's network")
    assert not events.of("space").ended(within=0)
    events.died("sandbox")
    with pytest.raises(EngineError, match=r"the sandbox of the Space's network ended .* exit code 137"):
        events.of("space").ended(within=60)


def test_what_had_ended_before_is_told_too(events: Listening) -> None:
    events.died("edge")
    events.lean("space", "edge", "the edge in front of the Space")
    with pytest.raises(EngineError, match="the edge"):
        events.of("space").ended(within=0)


def test_one_that_is_no_longer_needed_may_end(events: Listening) -> None:
    events.lean("space", "edge", "the edge in front of the Space")
    events.let_go("space")
    events.died("edge")
    assert not events.of("space").ended(within=0)


def test_what_has_ended_by_itself_keeps_its_own_end(events: Listening) -> None:
    events.lean("space", "sandbox", "the sandbox of the Space's network")
    events.died("space", 3)
    events.died("sandbox")
    assert events.of("space").ended(within=0)
    assert events.of("space").exit_code == 3


def test_others_are_told_nothing(events: Listening) -> None:
    events.lean("space", "sandbox", "the sandbox of the Space's network")
    events.died("sandbox")
    assert not events.of("another").ended(within=0)
