"""What lies in a service, as the harness sees it: real ones are in the integration tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from spacedock.services.hosts.stock import Stock, stock_of


@dataclass
class Named:
    """A service of which nobody knows how to look into it, or that is not there."""

    name: str
    local: Mapping[str, str] = field(default_factory=lambda: {"url": "http://127.0.0.1:1", "api_key": "none"})


def test_what_keeps_nothing_or_does_not_answer_has_no_stock() -> None:
    nobody: list[Any] = [
        Named("openai"),
        Named("qdrant"),
        Named("postgres", {"url": "host=127.0.0.1 port=1"}),
    ]
    assert [stock_of(each) for each in nobody] == [None, None, None]


FULL = Stock({"notes": 2}, frozenset({("notes", "a"), ("notes", "b")}))
EMPTY = Stock({}, frozenset())
CHANGED = Stock({"notes": 2}, frozenset({("notes", "c"), ("notes", "d")}))
B = frozenset({("notes", "b")})


def test_what_is_added_is_told_from_what_is_changed() -> None:
    one = Stock({"notes": 1}, frozenset({("notes", "a")}))
    assert FULL.added_since(one) == B
    assert FULL.added_since(EMPTY) == FULL.marks
    assert CHANGED.added_since(FULL) == frozenset()


@pytest.mark.parametrize("added", [FULL.marks, B, frozenset()])
def test_what_is_gone_is_told_by_table(added: frozenset[tuple[str, str]]) -> None:
    assert FULL.gone_from(EMPTY, added) == ("notes",)


def test_what_was_added_is_gone_though_others_have_added_since() -> None:
    assert FULL.gone_from(CHANGED, B) == ("notes",)


def test_what_is_changed_or_partly_there_is_not_gone() -> None:
    partly = Stock({"notes": 1}, frozenset({("notes", "a")}))
    assert FULL.gone_from(CHANGED, frozenset()) == ()
    assert FULL.gone_from(partly, frozenset()) == ()
    assert FULL.gone_from(FULL, B) == ()
    assert EMPTY.gone_from(EMPTY, frozenset()) == ()
