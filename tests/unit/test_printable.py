"""What is printable commands nobody, has bounds, and stays as it is."""

from __future__ import annotations

import re
import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spacedock.printable import MOST_CHARACTERS, MOST_LINES, printable, printable_line

# What no reader of ours may ever be handed.
COMMAND = re.compile(r"##\w*\[|^\s*::", re.MULTILINE)
ANY_TEXT = st.text(
    st.one_of(st.characters(), st.characters(categories=["Cs", "Cc"]), st.sampled_from("#:[\r\n\t\x1b "))
)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain text, größer, 日本, 🙂", "plain text, größer, 日本, 🙂"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb", "a\nb"),
        ("10%\r20%", r"10%\x0d20%"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]52;c;cm0gLXJm\x07", r"\x1b]52;c;cm0gLXJm\x07"),
        ("a\x00b\x7f\x9b", r"a\x00b\x7f\x9b"),
        ("\u202egpj.exe\u2066", r"\u202egpj.exe\u2066"),
        ("a\u2028b\x85c", r"a\u2028b\x85c"),
        ("\udc80", r"\udc80"),
        ("\ufffe\uffff", r"\ufffe\uffff"),
        ("::error::x", r"\::error::x"),
        ("a\n \t::set-output name=x::y", "a\n \t\\::set-output name=x::y"),
        ("\u3000::error::x", "\u3000\\::error::x"),
        ("ok ##[error]x", r"ok ##\[error]x"),
        ("###[error]##[warning]", r"###\[error]##\[warning]"),
        ("##vso[task.setvariable]", r"##\vso[task.setvariable]"),
        ("a::b, ## [x], #[y]", "a::b, ## [x], #[y]"),
        ("", ""),
    ],
)
def test_what_is_said_and_what_is_shown(said: str, shown: str) -> None:
    assert printable(said) == shown


def test_in_a_line_there_is_no_other() -> None:
    assert printable_line("name\n::error::x") == r"name\x0a::error::x"


def test_of_a_long_line_head_and_tail_are_kept() -> None:
    line = printable_line(f"begin{'a' * 50_000_000}end")
    assert len(line) <= MOST_CHARACTERS
    assert line.startswith("begin")
    assert line.endswith("end")
    assert "(50000008 characters, cut here)" in line


def test_what_grows_by_being_shown_is_cut_too() -> None:
    assert len(printable("\x1b" * MOST_CHARACTERS)) <= MOST_CHARACTERS


def test_of_many_lines_head_and_tail_are_kept() -> None:
    lines = printable("\n".join(map(str, range(100_000)))).split("\n")
    assert len(lines) == MOST_LINES
    assert (lines[0], lines[-1]) == ("0", "99999")
    assert "... (99601 lines left out)" in lines


@given(ANY_TEXT)
@example("##" * 40 + "[")
@example("##\n[" * 30)
def test_it_commands_nobody_and_is_stable(text: str) -> None:
    once = printable(text, lines=5, characters=60)
    assert not COMMAND.search(once)
    assert not [char for char in once if unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t"]
    assert printable(once, lines=5, characters=60) == once
    assert once.count("\n") < 5
    assert all(len(line) <= 60 for line in once.split("\n"))
    ET.fromstring(f"<a>{once.replace('&', '').replace('<', '').replace(']]>', '')}</a>")
    once.encode()
