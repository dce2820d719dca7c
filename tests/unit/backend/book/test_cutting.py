"""Where long sections are cut."""

from __future__ import annotations

import pytest

from backend.book.cutting import LIMIT, parts_of
from backend.book.markdown import Block, parse


def parts(text: str, limit: int = LIMIT) -> list[str]:
    blocks = [block for section in parse(text).sections for block in section.blocks]
    return parts_of(blocks, limit)


def words(texts: list[str]) -> list[str]:
    return " ".join(texts).split()


def test_a_short_section_is_one_part() -> None:
    assert parts("one\n\ntwo\n\n- three\n") == ["one\n\ntwo\n\n- three"]


def test_paragraphs_are_packed_up_to_the_limit() -> None:
    assert parts("aaaa\n\nbbbb\n\ncccc", limit=10) == ["aaaa\n\nbbbb", "cccc"]


def test_paragraphs_that_fit_are_not_cut() -> None:
    text = "\n\n".join(f"{number} is a number. It follows another." for number in range(200))
    cut = parts(text)
    assert "\n\n".join(cut) == text
    assert len(cut) > 1
    assert max(map(len, cut)) <= LIMIT


def test_a_huge_paragraph_is_cut_behind_sentences() -> None:
    sentences = [f'It said "this is number {number}."' for number in range(500)]
    cut = parts("\n".join(sentences))
    assert words(cut) == words(sentences)
    assert max(map(len, cut)) <= LIMIT
    assert min(map(len, cut[:-1])) > LIMIT - 100
    assert {part[-2:] for part in cut} == {'."'}


def test_chinese_sentences_need_no_space() -> None:
    sentence = "\u673a\u5668\u4eba\u8d70\u8def\u3002"
    cut = parts(sentence * 1000)
    assert "".join(cut) == sentence * 1000
    assert {part[-1] for part in cut} == {"\u3002"}


def test_a_huge_sentence_is_cut_between_words() -> None:
    text = " ".join(f"word{number}" for number in range(2000))
    cut = parts(text)
    assert words(cut) == text.split()
    assert max(map(len, cut)) <= LIMIT


def test_what_has_no_border_is_cut_at_the_limit() -> None:
    text = "x" * 4000
    assert list(map(len, parts(text))) == [LIMIT, LIMIT, 400]


def test_a_text_of_exactly_the_limit_stays_whole() -> None:
    assert parts("a" * LIMIT + "\n\nb") == ["a" * LIMIT, "b"]
    assert parts("aaaa bbbb cccc", limit=9) == ["aaaa bbbb", "cccc"]


def test_each_piece_of_a_listing_is_a_listing() -> None:
    lines = [f"    step_{number}()" for number in range(300)]
    cut = parts("```python\ndef run():\n" + "\n".join(lines) + "\n```\n\nAfter it.")
    assert cut[-1].endswith("```\n\nAfter it.")
    cut[-1] = cut[-1].removesuffix("\n\nAfter it.")
    assert all(part.startswith("```python\n") and part.endswith("\n```") for part in cut)
    code = [line for part in cut for line in part.split("\n")[1:-1]]
    assert code == ["def run():", *lines]
    assert max(map(len, cut)) <= LIMIT


def test_indented_code_is_cut_between_lines() -> None:
    lines = [f"    if step({number}): return  # done. So far" for number in range(100)]
    cut = parts("\n".join(lines))
    assert len(cut) > 1
    assert "\n".join(cut) == "\n".join(lines)


def test_each_piece_of_a_table_has_its_head() -> None:
    head = "| joint | range |\n|---|---|\n"
    rows = [f"| joint {number} | {number} degrees |" for number in range(200)]
    cut = parts(head + "\n".join(rows))
    assert all(part.startswith(head) for part in cut)
    assert [row for part in cut for row in part.removeprefix(head).split("\n")] == rows


def test_a_list_is_cut_before_its_items() -> None:
    items = [f"- number {number}. It has\n  two lines." for number in range(200)]
    cut = parts("\n".join(items))
    assert "\n".join(cut) == "\n".join(items)
    assert all(part.startswith("- number") for part in cut)


@pytest.mark.parametrize("kind", ["paragraph_open", "fence", "table_open", "bullet_list_open", "code_block"])
@pytest.mark.parametrize(
    "text", ["a" + " " * 50 + "b", "\n" * 40, "a" * 40, ("ab. " * 20).strip(), "a\n" * 30, ". " * 40]
)
def test_no_text_is_too_odd_to_be_cut(kind: str, text: str) -> None:
    cut = parts_of([Block(kind, text)], limit=10)
    if kind not in {"fence", "table_open"}:  # those repeat lines
        assert "".join("".join(cut).split()) == "".join(text.split())
