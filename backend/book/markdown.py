"""The sections of a chapter that is written in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from backend.book.html import locate_tag, without_tags
from backend.book.slugs import Anchors, slug

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?:.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_OWN_ANCHOR = re.compile(r"\s*\{#([^\s{}#]+)\}$")  # Docusaurus: `## Heading {#anchor}`
_BORDERS = {"h1", "h2", "h3"}


@dataclass(frozen=True)
class Block:
    """A paragraph, a list, a table, a listing; `kind` is the type of the parser's token."""

    kind: str
    text: str


@dataclass(frozen=True)
class Section:
    """What stands under one heading. Before the first heading both names are empty."""

    heading: str = ""
    anchor: str = ""
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Chapter:
    """A chapter's title, empty when it has none, and its sections in their order."""

    title: str
    sections: list[Section]


def parse(text: str) -> Chapter:
    """Take a chapter apart at its headings of the first three levels."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    text = _FRONT_MATTER.sub("", text)
    tokens = _parser().parse(text)
    lines = without_tags(text.split("\n"), tokens)
    anchors, title, sections = Anchors(), "", [Section()]
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            heading, anchor = _named(tokens[position + 1], anchors)
            if token.level == 0 and token.tag in _BORDERS:
                sections.append(Section(heading, anchor))
                title = title or (heading if token.tag == "h1" else "")
                continue
        if token.level == 0 and (block := _block(token, lines)):
            sections[-1].blocks.append(block)
    return Chapter(title, sections)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.inline.ruler.at("html_inline", locate_tag)
    return parser


def _named(inline: Token, anchors: Anchors) -> tuple[str, str]:
    """Return a heading's text and its anchor."""
    text = "".join(_words(inline.children or [])).strip()
    if own := _OWN_ANCHOR.search(text):
        return text[: own.start()], anchors.take(own[1])
    return text, anchors.take(slug(text))


def _words(children: Sequence[Token]) -> list[str]:
    breaks = {"softbreak", "hardbreak"}
    kept = (child for child in children if child.type != "html_inline")
    return [" " if child.type in breaks else child.content for child in kept]


def _block(token: Token, lines: Sequence[str]) -> Block | None:
    """Return what a token opens, as it is written; None when nothing is left of it."""
    if token.map is None or token.type == "hr":
        return None
    if token.type == "fence":
        return Block("fence", f"{token.markup}{token.info}\n{token.content}{token.markup}")
    text = "\n".join(lines[slice(*token.map)]).strip("\n").rstrip()
    return Block(token.type, text) if text else None
