"""HTML within Markdown: the tags go, the text stays, and code is left alone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

import nh3
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import html_inline as parse_html_inline
from markdown_it.token import Token

# Tags that stand between two words; without a space the words would become one.
_PARTING = re.compile(r"<(?=/?(?:p|div|li|t[dhr]|d[dt]|h[1-6]|br|hr|summary|figcaption)\b)", re.IGNORECASE)


def locate_tag(state: StateInline, silent: bool) -> bool:
    """Parse a tag as the parser does, and note in its token where it stands."""
    start = state.pos
    found = parse_html_inline(state, silent)
    if found and not silent:
        state.tokens[-1].meta = {"span": (start, state.pos)}
    return found


def without_tags(lines: Iterable[str], tokens: Iterable[Token]) -> list[str]:
    """Return the lines of a chapter without the tags that its tokens hold."""
    left = list(lines)
    done = [0] * len(left)  # columns: the cells of a table share a line
    for token in tokens:
        if token.map is None or token.type not in {"inline", "html_block"}:
            continue
        old = token.content.rstrip("\n").split("\n")
        new = _cleaned(token, len(old))
        for number, (before, after) in enumerate(zip(old, new, strict=True), start=token.map[0]):
            left[number], done[number] = _replaced(left[number], before, after, done[number])
    return left


def _replaced(line: str, before: str, after: str, start: int) -> tuple[str, int]:
    """Return the line with the text put in its place, and the column behind it."""
    for mark in ("|", "\\|"):  # the cells of a table come without the backslash
        old, new = before.replace("|", mark), after.replace("|", mark)
        if (column := line.find(old, start)) >= 0:
            return line[:column] + new + line[column + len(old) :], column + len(new)
    return line, start


def _cleaned(token: Token, lines: int) -> list[str]:
    """Return a token's text without tags, in as many lines as it had."""
    if token.type == "html_block":
        text = html.unescape(nh3.clean(_PARTING.sub(" <", token.content), tags=set()))
        return [text.strip(), *[""] * (lines - 1)]
    text = token.content
    for child in reversed(token.children or []):
        if child.type == "html_inline":
            start, end = child.meta["span"]
            gap = " " if _PARTING.match(child.content) else ""
            text = text[:start] + gap + "\n" * child.content.count("\n") + text[end:]
    return text.split("\n")
