"""Markdown from a model, as HTML that is safe to show."""

from __future__ import annotations

import re
import threading
from html.parser import HTMLParser

import pytest

from backend.chat.rendering import MAX_CELLS, MAX_TEXT, rendered, to_html, to_text


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

    monkeypatch.setattr("backend.chat.rendering._parser", lambda **_: Careless())
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


def table(columns: int, rows: int, end: str = "\n") -> str:
    return end.join(["|" * columns, "|" + "-|" * (columns - 1), *["a"] * rows])


@pytest.mark.parametrize(("columns", "rows"), [(400, 600), (60, 900), (10, 990), (9, 250)])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_table_of_too_many_cells_is_shown_as_it_was_written(columns: int, rows: int, end: str) -> None:
    html = to_html(table(columns, rows, end))
    assert "<table>" not in html
    assert len(html) < 2 * columns + 8 * rows


def test_other_signs_for_the_end_of_a_line_hide_no_cells() -> None:
    html = to_html(table(400, 600).replace("||", "|\N{LINE SEPARATOR}|"))
    assert html.count("<td>") <= MAX_CELLS


def test_a_table_of_many_cells_is_a_table() -> None:
    assert to_html(table(10, 150)).count("<tr>") == 151


def test_what_is_too_long_is_shown_as_it_was_written() -> None:
    assert to_html("**a** <b>" * MAX_TEXT) == "<pre>" + "**a** &lt;b&gt;" * MAX_TEXT + "</pre>"


def test_an_address_is_not_written_once_and_repeated() -> None:
    text = f"[a]: https://textbook.example/{'x' * 5000}\n\n{'[a]' * 5000}"
    assert len(to_html(text)) < 2 * len(text)


@pytest.mark.anyio
async def test_an_answer_is_rendered_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def noted(text: str) -> str:
        threads.append(threading.current_thread())
        return text

    monkeypatch.setattr("backend.chat.rendering.to_html", noted)
    assert [await rendered("a"), await rendered("b")] == ["a", "b"]
    assert threading.current_thread() not in threads
    assert len(set(threads)) == 1
