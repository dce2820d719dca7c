"""Anchors, as the sites that show the book make them."""

from __future__ import annotations

import pytest

from backend.book.slugs import Anchors, slug


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("The zero moment point", "the-zero-moment-point"),
        ("A.1 What's new?", "a1-whats-new"),
        ("ROS 2: nodes & topics", "ros-2-nodes--topics"),
        ("snake_case and kebab-case", "snake_case-and-kebab-case"),
        ("\u00dcberblick", "\u00fcberblick"),
        ("\u65e5\u672c\u8a9e \u30c6\u30b9\u30c8", "\u65e5\u672c\u8a9e-\u30c6\u30b9\u30c8"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),  # marks are kept
        ("\U0001f680 Launch", "-launch"),
        ("H\u00b2", "h"),  # a superscript is no digit
        ("Apollo \u216b", "apollo-\u217b"),  # a Roman number is a letter
        ("!!!", ""),
    ],
)
def test_a_heading_becomes_the_anchor_that_github_makes(heading: str, anchor: str) -> None:
    assert slug(heading) == anchor


def test_the_same_heading_again_is_numbered() -> None:
    anchors = Anchors()
    assert [anchors.take("summary") for _ in range(3)] == ["summary", "summary-1", "summary-2"]


def test_a_number_that_is_taken_is_passed_over() -> None:
    anchors = Anchors()
    taken = [anchors.take(name) for name in ("summary", "summary-1", "summary", "summary-1", "summary-2")]
    assert taken == ["summary", "summary-1", "summary-2", "summary-1-1", "summary-2-1"]


def test_a_heading_without_letters_is_not_mistaken_for_the_text_before_it() -> None:
    assert Anchors().take("") == "-1"
