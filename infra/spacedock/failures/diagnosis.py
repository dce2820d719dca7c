"""Names the failures that a log shows, by the symptoms that the catalogue holds. Needs no Docker."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice, takewhile

from spacedock.failures.base import Certainty, Failure, Symptom

_ENOUGH = Certainty.LIKELY.weight  # points without which a failure is not named
# Characters that are looked through at most: no pattern is asked of more, whoever wrote the log.
_HEAD = 128 * 1024
_TAIL = 384 * 1024  # what ends a program is said at the end
_LINE = 1000
_GAP = "..."
_TRACEBACK = "Traceback (most recent call last)"
_LAST_WORDS = 100  # lines that a traceback, and what a server says of it, take at the end of a log
# Colours and other control sequences of a terminal (ECMA-48), which copied logs are full of.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True)
class Match:
    """A symptom that a log shows, with the first line of it and that line's number."""

    symptom: Symptom
    line: str
    number: int
    last: int = 0  # the number of the last line that shows it


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


def diagnose(log: str, failures: Iterable[Failure], *, ended: bool = False) -> tuple[Diagnosis, ...]:
    """Return what the log shows, the likeliest first; nothing where it shows nothing that is known.

    Of two that are equally likely the one comes first whose last symptom stands later in the log: what ends
    a program is said at the end. Of one that has `ended`, what its last traceback and the lines behind it
    show counts above all that it survived.
    """
    return tuple(found for found in _found(log, failures, ended=ended) if found.points >= _ENOUGH)


def hinted(log: str, failures: Iterable[Failure]) -> tuple[Diagnosis, ...]:
    """Return what the log may come from and does not tell apart: texts that several failures share."""
    return tuple(found for found in _found(log, failures) if found.points < _ENOUGH)


@dataclass(frozen=True)
class _Excerpt:
    """What is looked through of a log: all of a usual one, of a long one head and tail."""

    text: str
    head: int  # how many lines stand before the gap
    left_out: int = 0  # how many the gap stands for, but one

    @classmethod
    def of(cls, log: str) -> _Excerpt:
        lines = [_cut(line) for line in _CONTROL.sub("", log).replace("\r\n", "\n").split("\n")]
        head = _within(lines, _HEAD)
        tail = _within(lines[head:][::-1], _TAIL)
        if head + tail >= len(lines):
            return cls("\n".join(lines), len(lines))
        kept = [*lines[:head], _GAP, *lines[len(lines) - tail :]]
        return cls("\n".join(kept), head, len(lines) - head - tail - 1)

    def number(self, position: int) -> int:
        """Return the number that the line at `position` has in the log."""
        number = self.text.count("\n", 0, position) + 1
        return number if number <= self.head else number + self.left_out


def _within(lines: list[str], most: int) -> int:
    """How many lines from the first on have no more than `most` characters together."""
    ends = accumulate(len(line) + 1 for line in lines)
    return sum(1 for _ in takewhile(lambda end: end <= most, ends))


def _cut(line: str) -> str:
    half = _LINE // 2
    return line if len(line) <= _LINE else f"{line[:half]} {_GAP} {line[-half:]}"


def _found(log: str, failures: Iterable[Failure], *, ended: bool = False) -> list[Diagnosis]:
    excerpt = _Excerpt.of(log)
    all_of_them = [Diagnosis(failure, tuple(_matches(failure, excerpt))) for failure in failures]
    ends = _begins_to_end(excerpt) if ended else 0
    return sorted((found for found in all_of_them if found.matches), key=lambda found: _rank(found, ends))


def _rank(diagnosis: Diagnosis, ends: int) -> tuple[bool, int, int, str]:
    last = max(match.last for match in diagnosis.matches)
    return last < ends, -diagnosis.points, -last, diagnosis.failure.name


def _begins_to_end(excerpt: _Excerpt) -> int:
    """Return the line at which the last traceback begins, where it stands at the log's end; else 0."""
    start = excerpt.text.rfind(_TRACEBACK)
    if start < 0 or excerpt.text.count("\n", start) > _LAST_WORDS:
        return 0
    return excerpt.number(start)


def _matches(failure: Failure, excerpt: _Excerpt) -> Iterator[Match]:
    text = excerpt.text
    for symptom in failure.symptoms:
        places = list(islice(symptom.expression.finditer(text), symptom.times))
        if len(places) < symptom.times or not _has(symptom.also, text):
            continue
        if symptom.unless and _has(symptom.unless, text):
            continue
        start = places[0].start()
        end = text.find("\n", start)
        line = text[text.rfind("\n", 0, start) + 1 : None if end < 0 else end]
        *_, latest = symptom.expression.finditer(text)
        yield Match(symptom, line.strip(), excerpt.number(start), excerpt.number(latest.start()))


def _has(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.MULTILINE) is not None
