"""Two reports side by side: where they agree, where they differ, and what nobody can say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from spacedock.probe.fields import Report, equal, flat, why_not_compared
from spacedock.probe.settle import facts_of


class Agreement(StrEnum):
    """How one field came out."""

    AGREE = "agree"
    DIFFER = "differ"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Compared:
    """One field in both reports; `why` says why nobody can say, `facts` are those that it has to do with."""

    field: str
    answer: Agreement
    there: Any  # on the platform
    here: Any  # in the dock
    facts: tuple[str, ...]
    why: str = ""

    @property
    def words(self) -> str:
        """What was seen, in a line."""
        if self.why:
            return self.why
        if self.answer is Agreement.AGREE:
            return shown(self.there)
        if isinstance(self.there, tuple) and isinstance(self.here, tuple):
            return "; ".join(_sets(set(self.there), set(self.here))) or "in another order"
        return f"there {shown(self.there)}, here {shown(self.here)}"


def compare(there: Report, here: Report) -> tuple[Compared, ...]:
    """Compare the platform's report with the dock's, field by field."""
    seen_there, seen_here = flat(there), flat(here)
    return tuple(
        _compared(field, seen_there.get(field), seen_here.get(field))
        for field in sorted(seen_there | seen_here, key=_in_numbers)
    )


def shown(value: Any) -> str:
    """Return a value of a report as a person reads it."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _compared(field: str, there: Any, here: Any) -> Compared:
    if why := why_not_compared(field) or _silent(there, here):
        answer = Agreement.UNKNOWN
    else:
        answer = Agreement.AGREE if equal(field, there, here) else Agreement.DIFFER
    return Compared(field, answer, there, here, facts_of(field), why)


def _silent(there: Any, here: Any) -> str:
    """Return who says nothing; empty when both say something."""
    if there is None:
        return "neither says" if here is None else f"here {shown(here)}; the recording does not say"
    return f"there {shown(there)}; this dock does not say" if here is None else ""


def _sets(there: set[str], here: set[str]) -> Iterator[str]:
    if there - here:
        yield f"only there {', '.join(sorted(there - here))}"
    if here - there:
        yield f"only here {', '.join(sorted(here - there))}"


def _in_numbers(field: str) -> tuple[str, int, str]:
    head, _, tail = field.rpartition(".")
    return (head, int(tail), "") if tail.isdigit() else (field, 0, "")
