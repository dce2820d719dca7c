"""`spacedock platform`: what is known of Hugging Face, how sure it is, and what the docks do with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import typer

from spacedock import platform
from spacedock.cli import factsheet
from spacedock.cli.app import app
from spacedock.errors import UsageError
from spacedock.platform import Confidence, Fact, Subject


@app.command("platform")
def show_platform(
    word: Annotated[str, typer.Argument(help="Only facts that have this word in them.")] = "",
    sure: Annotated[
        list[Confidence] | None, typer.Option(help="Only facts that are; may be repeated.")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The page docs/platform.md: all facts.")
    ] = False,
) -> None:
    """Print the facts about the platform with their sources, and how each dock stands to them."""
    if markdown and (word or sure):
        raise UsageError("`--markdown` is the page with all facts", remedy="leave out the word and `--sure`")
    subjects = tuple(_chosen(word, frozenset(sure or Confidence)))
    if not subjects:
        raise UsageError("no fact is like that", remedy="`spacedock platform` prints them all")
    count = _count(subjects)
    lines = factsheet.markdown(subjects, count) if markdown else (*factsheet.text(subjects), count)
    print("\n".join(lines))


def _chosen(word: str, sure: frozenset[Confidence]) -> Iterator[Subject]:
    for subject in platform.subjects():
        facts = {
            name: fact
            for name, fact in subject.facts.items()
            if _views(fact) & sure and factsheet.matches(word, name, fact)
        }
        if facts:
            yield replace(subject, facts=facts)


def _views(fact: Fact[Any]) -> frozenset[Confidence]:
    """How sure each view of a fact is."""
    return frozenset({fact.sure, fact.other.sure} if fact.other else {fact.sure})


def _count(subjects: tuple[Subject, ...]) -> str:
    from spacedock.probe.recording import counted, observed

    facts = [name for subject in subjects for name in subject.facts]
    seen = len(observed().keys() & set(facts))
    return f"{len(facts)} facts, {counted(seen)} observed by probe"
