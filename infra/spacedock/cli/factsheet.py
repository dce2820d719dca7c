"""The facts in words: as a text for a terminal, and as the page docs/platform.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from spacedock.docks.differences import DIFFERENCES, Stance
from spacedock.platform import Fact, Subject

WIDTH = 110  # columns of a line
_INDENT = " " * 4

_HEAD = """\
# What Hugging Face does to a Docker Space

<!-- Made by `spacedock platform --markdown > docs/platform.md`; a test holds the two together. -->

Every fact stands once, in `infra/spacedock/platform/`, with its value, how sure it is, its source, and the
month or year in which the source was read or the thing was seen. *Documented*: by Hugging Face, in a page of
hub-docs or the source of its client. *Observed*: in logs and dated probes of people who deployed. *Reported*:
by users. *Inferred*: from other facts. Where sources disagree both views stand, and it is said how a run
takes them.

The last two columns are the differences between dock and platform: what the *image* dock (the Space in its
container) and the *process* dock (no Docker) do with each fact.
"""


def text(subjects: Iterable[Subject]) -> Iterator[str]:
    """Yield the facts as lines of at most `WIDTH` columns."""
    for subject in subjects:
        yield subject.title
        for name, fact in subject.facts.items():
            yield ""
            yield from _wrapped(f"{name}{' (contested)' if fact.contested else ''}: {fact.title}", "  ")
            yield from (line for part in _parts(name, fact) for line in _wrapped(part, _INDENT))
        yield ""


def markdown(subjects: Iterable[Subject], observed: str) -> Iterator[str]:
    """Yield the page; `observed` is its last line."""
    yield _HEAD
    for subject in subjects:
        yield f"## {subject.title}"
        yield ""
        yield "| fact | value | how sure | image dock | process dock |"
        yield "|---|---|---|---|---|"
        for name, fact in subject.facts.items():
            standings = (str(standing) for _, standing in DIFFERENCES[name])
            yield _row(f"`{name}`\n{fact.title}", _value(fact), _origin(fact), *standings)
        yield ""
    yield from _nowhere()
    yield observed


def words(value: object) -> str:
    """Return a value as one reads it: `yes`, `80, 443`, `a: 1; b: 2`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case "":
            return "nothing"
        case Mapping():
            return "; ".join(f"{key}: {words(inner)}" for key, inner in value.items())
        case tuple():
            return ", ".join(words(inner) for inner in value)
    return str(value)


def matches(word: str, name: str, fact: Fact[Any]) -> bool:
    """Whether a word is in what is said of a fact, whatever its case."""
    return word.lower() in " ".join([name, fact.title, *_parts(name, fact)]).lower()


def _parts(name: str, fact: Fact[Any]) -> Iterator[str]:
    yield fact.text or words(fact.value)
    yield f"{fact.sure} {fact.date}: {fact.source}"
    if fact.other:
        yield f"but {fact.other.sure} {fact.other.date}: {words(fact.other.value)} ({fact.other.source})"
        yield f"in a run: {fact.choice}"
    standings = DIFFERENCES[name]
    if standings.image == standings.process:
        yield f"both docks: {standings.image}"
    else:
        yield from (f"{dock} dock: {standing}" for dock, standing in standings)


def _wrapped(line: str, indent: str) -> list[str]:
    return textwrap.wrap(
        line, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )


def _value(fact: Fact[Any]) -> str:
    said = fact.text or (
        f"`{fact.value}`" if isinstance(fact.value, str) and fact.value else words(fact.value)
    )
    if fact.other is None:
        return said
    other = fact.other
    return (
        f"{said}\n**contested**: {words(other.value)} ({other.sure} {other.date}: {other.source})"
        f"\nin a run: {fact.choice}"
    )


def _origin(fact: Fact[Any]) -> str:
    return f"{fact.sure} {fact.date}: {fact.source}"


def _row(*cells: str) -> str:
    """Return a row of a table; bars and angle brackets in a cell are text, lines are kept."""
    return f"| {' | '.join(cell.translate(_AS_TEXT) for cell in cells)} |"


_AS_TEXT = str.maketrans({"|": r"\|", "<": r"\<", "\n": "<br>"})


def _nowhere() -> Iterator[str]:
    from spacedock.space.features import FEATURES

    yield "## What no dock does"
    yield ""
    yield "A Space that asks for one of these in a file that is read is told so in the verdict, under"
    yield "*observations*, and so is one whose front matter has a key that nobody knows."
    yield ""
    yield "| feature | instead | asked for by |"
    yield "|---|---|---|"
    for feature in FEATURES:
        yield _row(feature.name, feature.instead, feature.asked)
    yield ""
    missing = [name for name, each in DIFFERENCES.items() if all(s.stance is Stance.NOT for _, s in each)]
    yield f"Facts that no dock emulates: {', '.join(f'`{name}`' for name in missing)}."
    yield ""
