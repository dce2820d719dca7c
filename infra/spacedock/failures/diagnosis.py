"""Names the failures that a log shows, by the symptoms that the catalogue holds. Needs no Docker."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spacedock.failures.base import Certainty, Failure, Symptom

_ENOUGH = Certainty.LIKELY.weight  # points without which a failure is not named
# Colours and other control sequences of a terminal (ECMA-48), which copied logs are full of.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True)
class Match:
    """A symptom that a log shows, with the first line of it and that line's number."""

    symptom: Symptom
    line: str
    number: int


@dataclass(frozen=True)
class Diagnosis:
    """A failure that a log points to; the more `points`, the likelier."""

    failure: Failure
    matches: tuple[Match, ...]

    @property
    def points(self) -> int:
        """The sum of what its symptoms weigh."""
        return sum(match.symptom.certainty.weight for match in self.matches)

    @property
    def reported(self) -> bool:
        """Whether nothing speaks for it but texts that no specimen has produced."""
        return all(match.symptom.reported for match in self.matches)


def diagnose(log: str, failures: Iterable[Failure]) -> tuple[Diagnosis, ...]:
    """Return what the log shows, the likeliest first; nothing where it shows nothing that is known.

    Of two that are equally likely the one comes first whose last symptom stands later in the log: what ends
    a program is said at the end.
    """
    return tuple(found for found in _found(log, failures) if found.points >= _ENOUGH)


def hinted(log: str, failures: Iterable[Failure]) -> tuple[Diagnosis, ...]:
    """Return what the log may come from and does not tell apart: texts that several failures share."""
    return tuple(found for found in _found(log, failures) if found.points < _ENOUGH)


def _found(log: str, failures: Iterable[Failure]) -> list[Diagnosis]:
    text = _CONTROL.sub("", log).replace("\r\n", "\n")
    all_of_them = [Diagnosis(failure, tuple(_matches(failure, text))) for failure in failures]
    return sorted((diagnosis for diagnosis in all_of_them if diagnosis.matches), key=_rank)


def _rank(diagnosis: Diagnosis) -> tuple[int, int, str]:
    last = max(match.number for match in diagnosis.matches)
    return -diagnosis.points, -last, diagnosis.failure.name


def _matches(failure: Failure, text: str) -> Iterator[Match]:
    for symptom in failure.symptoms:
        places = list(symptom.expression.finditer(text))
        if len(places) < symptom.times or (symptom.unless and re.search(symptom.unless, text, re.MULTILINE)):
            continue
        start = places[0].start()
        end = text.find("\n", start)
        line = text[text.rfind("\n", 0, start) + 1 : None if end < 0 else end]
        yield Match(symptom, line.strip(), text.count("\n", 0, start) + 1)
