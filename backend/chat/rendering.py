"""Markdown from a model, as HTML that is safe to show."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html import escape, unescape

import nh3
from markdown_it import MarkdownIt

# No pictures: one that a model was talked into would tell somebody else's server what is read here.
TAGS = {
    *("p", "br", "strong", "em", "code", "pre", "blockquote", "hr", "ul", "ol", "li", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
MAX_TEXT = 20_000  # characters; an answer's 4000 tokens are less, and a longer one is shown as it is written
# Each line of a table gets all the cells of its head: 2000 characters became 660,000 of HTML.
MAX_CELLS = 2_000


async def rendered(markdown: str) -> str:
    """Render Markdown beside the event loop, one text at a time."""
    return await asyncio.get_running_loop().run_in_executor(_renderer(), to_html, markdown)


def to_html(markdown: str) -> str:
    """Render Markdown. HTML in it is shown as text, and so are tables of more than `MAX_CELLS`."""
    if len(markdown) > MAX_TEXT:
        return f"<pre>{escape(markdown)}</pre>"
    html = _parser(tables=_cells(markdown) <= MAX_CELLS).render(markdown)
    return nh3.clean(
        html, tags=TAGS, attributes={"a": {"href"}, "ol": {"start"}}, url_schemes={"http", "https"}
    )


def to_text(markdown: str) -> str:
    """Return what a reader sees of Markdown, without its marks."""
    return unescape(nh3.clean(_parser(tables=True).render(markdown), tags=set()))


def _cells(markdown: str) -> int:
    """The cells that a text can become at the most: any line may be a row, and any the head."""
    lines = re.split(r"[\r\n]", markdown)
    return len(lines) * max(line.count("|") + 1 for line in lines)


@cache
def _parser(*, tables: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    parser.disable("reference")  # an address that is written once and repeated with three characters each
    return parser.enable("table") if tables else parser


@cache
def _renderer() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="rendering")
