"""What a run tells while it goes on; whoever wants to know listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spacedock.contract.finding import Finding
from spacedock.docks.boots import BootResult, BootSpec
from spacedock.evidence.base import Evidence
from spacedock.space import Space


@dataclass(frozen=True)
class Read:
    """The Space's files were read."""

    space: Space


@dataclass(frozen=True)
class Entered:
    """The dock stands, with the Space built and its services up; `seconds` is how long that took."""

    dock: str
    header: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Booting:
    """A boot has begun."""

    spec: BootSpec


@dataclass(frozen=True)
class BootEnded:
    """A boot came up, or is known not to."""

    spec: BootSpec
    result: BootResult


@dataclass(frozen=True)
class Gathered:
    """A piece of evidence was gathered, or could not be: then `failure` says why."""

    evidence: Evidence[Any]
    seconds: float
    failure: str = ""


@dataclass(frozen=True)
class Found:
    """A promise was judged: `ahead` of any boot, by files alone, and then perhaps not for the last time."""

    finding: Finding
    ahead: bool = False
    final: bool = True


@dataclass(frozen=True)
class Repeated:
    """Boots may have been in each other's way: what depends on boots is looked at once more."""

    why: str


@dataclass(frozen=True)
class Left:
    """The run ended without its engine: what it started is still there, and the next run takes it away."""

    why: str


Event = Left | Read | Entered | Booting | BootEnded | Gathered | Found | Repeated
Listener = Callable[[Event], None]


def unheard(_event: Event) -> None:
    """Listen to nothing."""
