"""What lies in a service, as the harness sees it: real ones are in the integration tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spacedock.services.stock import Stock, stock_of


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


def test_what_is_gone_is_told_by_table() -> None:
    empty = Stock({}, frozenset())
    assert empty.gone_since(FULL, FULL.marks) == ("notes",)


def test_what_is_changed_or_partly_there_is_not_gone() -> None:
    changed = Stock({"notes": 2}, frozenset({("notes", "c"), ("notes", "d")}))
    partly = Stock({"notes": 1}, frozenset({("notes", "a")}))
    assert changed.gone_since(FULL, FULL.marks) == ()
    assert partly.gone_since(FULL, FULL.marks) == ()
    assert partly.gone_since(FULL, frozenset()) == ()
