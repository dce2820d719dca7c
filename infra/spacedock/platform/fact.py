"""What a fact about the platform is: a value, how sure it is, and where that is written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)
_FRESH = dt.timedelta(weeks=8)  # that a closed list is taken to be whole


class Confidence(StrEnum):
    """How sure a fact is."""

    DOCUMENTED = "documented"  # by Hugging Face: a page of hub-docs, or the source of its client
    OBSERVED = "observed"  # in logs and dated probes of people who deployed
    REPORTED = "reported"  # by users, in words
    INFERRED = "inferred"  # from other facts


@dataclass(frozen=True)
class View:
    """What another source says of the same thing."""

    value: Any
    sure: Confidence
    source: str
    date: str


@dataclass(frozen=True)
class Fact(Generic[T_co]):
    """One thing that the platform does. `value` is what the harness takes to be true unless it is told else.

    `date` is the month, or the year, in which the source was read or the thing was seen (ISO 8601). Where
    sources disagree, `other` is the second view and `choice` says how the harness runs it.
    """

    title: str
    value: T_co
    sure: Confidence
    source: str
    date: str
    text: str = ""  # the value in words, where the bare value does not say it
    other: View | None = None
    choice: str = ""
    probe: str = ""  # the field of the probe's report that can show it

    @property
    def contested(self) -> bool:
        """Whether sources disagree."""
        return self.other is not None

    def is_aged(self, today: dt.date) -> bool:
        """Whether it is so old that a list of what there is may lack something by now."""
        year, _, month = self.date.partition("-")
        return today - dt.date(int(year), int(month or 1), 1) > _FRESH
