"""The options that the command line and pytest share, each described once."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from spacedock.docks.conditions import Conditions, Egress
from spacedock.edge.base import Manner

Word = TypeVar("Word", bound=StrEnum)


class DockName(StrEnum):
    """The docks one may ask for."""

    auto = "auto"
    image = "image"
    process = "process"


@dataclass(frozen=True)
class Choice(Generic[Word]):
    """An option that takes one word of an enumeration."""

    flag: str
    default: Word
    help: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it takes."""
        return tuple(type(self.default))


@dataclass(frozen=True)
class Number:
    """An option that takes a number within a range, its ends included."""

    flag: str
    default: float
    help: str
    metavar: str
    lowest: float
    highest: float

    @property
    def range(self) -> str:
        """`0.001..1.0`."""
        return f"{self.lowest}..{self.highest}"

    def read(self, text: str) -> float:
        """Return the number that a text is. Raises ValueError, which names the range, for any other text."""
        try:
            number = float(text)
        except ValueError:
            number = math.nan  # within no range
        if not self.lowest <= number <= self.highest:
            raise ValueError(f"{text!r} is not a number within {self.range}")
        return number


@dataclass(frozen=True)
class Consent:
    """A flag that the user gives, or sets as an environment variable to `1`; no file of a Space can."""

    flag: str
    variable: str
    about: str

    @property
    def help(self) -> str:
        """What it lets happen, and its other name."""
        return f"{self.about} {self.variable}=1 is the same."

    def given(self, asked: bool) -> bool:
        """Whether the user agrees, on the command line or in the environment."""
        return asked or os.environ.get(self.variable) == "1"


DOCK = Choice(
    "--dock",
    DockName.auto,
    "image: its container; process: its packages and its server run on this machine itself, which "
    "needs no Docker; auto: image where an engine answers.",
)
EGRESS = Choice(
    "--egress",
    Egress.OBSERVED,
    "observed: mail ports and IPv6 closed; documented: 80, 443, 8080 only; open: no limit, real services "
    "included.",
)
EDGE = Choice(
    "--edge",
    Manner.OBSERVED,
    "observed: the edge answers CORS preflights itself; transparent: the Space.",
)
TIME_SCALE = Number(
    "--time-scale",
    Conditions.time_scale,
    "Of the platform's start window; 1 is as long as there.",
    metavar="FACTOR",
    lowest=0.001,
    highest=1.0,
)
TRUST = Consent(
    "--trust",
    "SPACEDOCK_TRUST",
    "Where no Docker engine answers, let --dock=auto run the Space as processes of this machine.",
)
Shared = Choice[DockName] | Choice[Egress] | Choice[Manner] | Number | Consent
SHARED: tuple[Shared, ...] = (DOCK, TRUST, EGRESS, EDGE, TIME_SCALE)
