"""Markdown from a model, as HTML that is safe to show."""

from __future__ import annotations

from functools import cache
from html import unescape

import nh3
from markdown_it import MarkdownIt

# No pictures: one that a model was talked into would tell somebody else's server what is read here.
TAGS = {
    *("p", "br", "strong", "em", "code", "pre", "blockquote", "hr", "ul", "ol", "li", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


def to_html(markdown: str) -> str:
    """Render Markdown. HTML in it is shown as text."""
    rendered = _parser().render(markdown)
    return nh3.clean(
        rendered, tags=TAGS, attributes={"a": {"href"}, "ol": {"start"}}, url_schemes={"http", "https"}
    )


def to_text(markdown: str) -> str:
    """Return what a reader sees of Markdown, without its marks."""
    return unescape(nh3.clean(_parser().render(markdown), tags=set()))


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
