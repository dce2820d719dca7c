"""`spacedock platform`, and the page that is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacedock import platform
from spacedock.cli import app
from spacedock.cli.factsheet import WIDTH, words
from spacedock.errors import UsageError
from spacedock.platform import Confidence

PAGE = Path(__file__).parents[3] / "docs" / "platform.md"
FACTS = platform.all_facts()


def said(*arguments: str) -> str:
    ended = CliRunner().invoke(app, ["platform", *arguments], catch_exceptions=False)
    assert ended.exit_code == 0
    return ended.output


def test_the_page_is_what_the_command_prints() -> None:
    assert said("--markdown") == PAGE.read_text(encoding="utf-8"), (
        "spacedock platform --markdown > docs/platform.md"
    )


def test_every_fact_is_printed_with_its_source_within_the_width() -> None:
    printed = said()
    assert [name for name in FACTS if f"\n  {name}" not in printed] == []
    assert max(map(len, printed.splitlines())) <= WIDTH


def test_the_last_line_counts_the_facts_and_those_observed_by_probe() -> None:
    assert said().splitlines()[-1] == f"{len(FACTS)} facts, 0 facts observed by probe"


def test_a_contested_fact_is_marked_and_has_both_views() -> None:
    printed = said("EDGE_ANSWERS_PREFLIGHT")
    assert "EDGE_ANSWERS_PREFLIGHT (contested)" in printed
    assert "yes, the Space never sees one" in printed
    assert "but observed 2025: no" in printed
    assert "in a run: --edge observed|transparent" in printed


def test_a_word_keeps_the_facts_that_have_it_whatever_its_case() -> None:
    assert "IPV6" in said("iPv6")
    assert "COLORS" not in said("iPv6")


def test_sure_keeps_the_facts_with_such_a_view() -> None:
    printed = said("--sure", "inferred")
    assert "STOP_GRACE_SECONDS" in printed
    assert "COLORS" not in printed
    assert said(*(word for sure in Confidence for word in ("--sure", sure))) == said()


@pytest.mark.parametrize("arguments", [["no such fact"], ["--markdown", "ipv6"]])
def test_what_cannot_be_printed_is_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        CliRunner().invoke(app, ["platform", *arguments], catch_exceptions=False)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (True, "yes"),
        (False, "no"),
        (600, "600"),
        (1800.0, "1800"),
        ("", "nothing"),
        ((80, 443), "80, 443"),
        ({"a": 1, "b": (2, 3)}, "a: 1; b: 2, 3"),
    ],
)
def test_values_are_read_as_words(value: object, read: str) -> None:
    assert words(value) == read
