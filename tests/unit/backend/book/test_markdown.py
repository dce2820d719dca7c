"""What is a heading, what is text, and what is left out."""

from __future__ import annotations

from textwrap import dedent

import pytest

from backend.book.markdown import parse


def sections(text: str) -> dict[str, str]:
    """Return the text below each heading that has any."""
    parsed = parse(dedent(text)).sections
    return {s.heading: "\n\n".join(b.text for b in s.blocks) for s in parsed if s.blocks}


def anchors(text: str) -> list[str]:
    return [section.anchor for section in parse(dedent(text)).sections[1:]]


def only(text: str) -> str:
    """Return the text of a chapter without headings."""
    return sections(text)[""]


class TestHeadings:
    def test_the_first_of_the_first_level_is_the_title(self) -> None:
        assert parse("## Early\n\n# Title\n\n# Other\n").title == "Title"

    def test_those_of_three_levels_begin_a_section(self) -> None:
        assert sections("# A\n\na\n\n## B\n\nb\n\n### C\n\nc\n\n#### D\n\nd\n") == {
            "A": "a",
            "B": "b",
            "C": "c\n\n#### D\n\nd",
        }

    def test_underlined_ones_count(self) -> None:
        assert sections("A\n=\n\na\n\nB b\n---\n\nb\n") == {"A": "a", "B b": "b"}

    def test_hash_signs_in_code_do_not_count(self) -> None:
        code = "```bash\n# install\n## twice\n```"
        assert sections(f"# A\n\n{code}\n\n~~~\n# x\n~~~\n\n    # y\n") == {
            "A": f"{code}\n\n~~~\n# x\n~~~\n\n    # y"
        }

    def test_those_within_a_quotation_do_not_count(self) -> None:
        assert sections("# A\n\n> ## B\n> b\n\nc\n") == {"A": "> ## B\n> b\n\nc"}

    def test_markup_and_html_are_not_part_of_a_name(self) -> None:
        text = "## The **zero** `moment()` [point](x.md) <sup>new</sup> &amp; more\n\na\n"
        assert list(sections(text)) == ["The zero moment() point new & more"]

    def test_a_name_may_choose_its_anchor(self) -> None:
        text = "## Sum {#total}\n\na\n\n## Total\n\nb\n"
        assert list(sections(text)) == ["Sum", "Total"]
        assert anchors(text) == ["total", "total-1"]

    def test_all_levels_share_the_anchors(self) -> None:
        assert anchors("# Summary\n\n## Summary\n\n#### Summary\n\n### Summary\n") == [
            "summary",
            "summary-1",
            "summary-3",
        ]

    def test_text_before_the_first_one_is_kept(self) -> None:
        assert sections("first\n\n# A\n\na\n") == {"": "first", "A": "a"}


class TestFrontMatter:
    @pytest.mark.parametrize(
        "matter",
        ["---\ntitle: X\n---\n", "---\n---\n", "---\r\ntitle: X\r\n---\r\n", "---\n# no heading\n...\n"],
    )
    def test_it_is_left_out(self, matter: str) -> None:
        assert sections(f"{matter}# A\n\na\n") == {"A": "a"}

    def test_a_rule_further_down_is_not_taken_for_it(self) -> None:
        assert sections("# A\n\na\n\n---\n\nb\n\n---\n") == {"A": "a\n\nb"}

    def test_a_rule_that_nothing_ends_is_not_taken_for_it(self) -> None:
        assert sections("---\n\n# A\n\na\n") == {"A": "a"}


class TestHtml:
    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("a <b>bold</b> word", "a bold word"),
            ("one<br/>two", "one two"),
            ("`<b>` is <b>bold</b>", "`<b>` is bold"),
            ("`<b>`<b>`<b>`</b>", "`<b>``<b>`"),
            ("a <span\nclass='x'>b</span>", "a \nb"),
            ("see [<b>x</b>](y.md)", "see [x](y.md)"),
            ("<https://x.example> stays", "<https://x.example> stays"),
            ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
            (r"\<b> is $\{x_{1}\}$", r"\<b> is $\{x_{1}\}$"),
            ("<div>\n<p>One</p><p>Two</p>\n</div>", "One  Two"),
            ("<div>AT&amp;T &lt;b&gt;</div>", "AT&T <b>"),
            ("a\n\n<!-- gone\n\n# and gone -->\n\nb", "a\n\nb"),
            ("a\n\n<script>\n\nalert(1)\n</script>\n\nb", "a\n\nb"),
            ("<details><summary>More</summary>\n\n**text**\n\n</details>", "More\n\n**text**"),
            ("- one\n- <i>two</i>\n  - `<i>` <i>three</i>", "- one\n- two\n  - `<i>` three"),
            ("> a <u>b</u>\n> c", "> a b\n> c"),
        ],
    )
    def test_the_tags_go_and_the_text_stays(self, text: str, left: str) -> None:
        assert only(text) == left

    def test_it_stays_within_code(self) -> None:
        assert only("```html\n<b>x</b>\n```\n\n    <i>y</i>\n") == "```html\n<b>x</b>\n```\n\n    <i>y</i>"

    def test_the_cells_of_a_table_are_told_apart(self) -> None:
        table = "| a | b | c |\n|---|---|---|\n| `<i>x</i>` | <i>x</i> | `\\|` \\| <i>y</i> |"
        assert only(table) == "| a | b | c |\n|---|---|---|\n| `<i>x</i>` | x | `\\|` \\| y |"

    def test_a_tag_alone_leaves_no_text(self) -> None:
        assert sections("# A\n\n<a id='x'></a>\n\n<!-- x -->\n") == {}


class TestText:
    def test_windows_line_ends_make_no_difference(self) -> None:
        text = "# A\n\na\nb\n\n```\nx\n```\n"
        assert parse(text.replace("\n", "\r\n")) == parse(text)

    def test_separators_that_are_no_line_ends_make_no_difference(self) -> None:
        assert only("a\u2028b\x0cc\x85d <b>e</b>\n\nf") == "a\u2028b\x0cc\x85d e\n\nf"

    def test_a_listing_that_nothing_ends_is_ended(self) -> None:
        assert only("```python\nx = 1\n") == "```python\nx = 1\n```"

    def test_nothing_is_lost_where_nesting_is_deep(self) -> None:
        assert "bottom" in only("> " * 40 + "bottom")

    def test_there_may_be_none(self) -> None:
        assert sections("") == {}
        assert sections("# A\n\n## B\n\n---\n") == {}
