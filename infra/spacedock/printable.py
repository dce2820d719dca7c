"""Text of a Space as it may be shown: it moves no terminal, commands no CI runner, and has bounds.

Applied where text leaves us, whatever reads it: a terminal, the log of a workflow, a report. What is
printable stays as it is when it is treated again.
"""

from __future__ import annotations

import re

MOST_CHARACTERS = 4000  # of a line
MOST_LINES = 400  # of a text

# Controls but the tab; what turns the direction of writing; what else breaks a line in Python or a browser;
# halves of pairs, which no output can encode; what XML has no place for.
_UNSAFE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
# GitHub's runner takes `##[command]` anywhere in a line, and `::command::` at its start, spaces before it
# aside (actions/runner, ActionCommand.cs); Azure's takes `##vso[`, TeamCity's `##teamcity[`.
_ANYWHERE = re.compile(r"##(?=\w*\[)")
_AT_THE_START = re.compile(r"^(\s*)::")


def printable(text: str, *, lines: int = MOST_LINES, characters: int = MOST_CHARACTERS) -> str:
    """Return the text with its line breaks and tabs; of what is too long, head and tail."""
    whole = text.replace("\r\n", "\n").split("\n")
    if len(whole) > lines:
        head = lines // 4  # what ends a program is said at the end
        tail = lines - head - 1
        whole = [*whole[:head], f"... ({len(whole) - head - tail} lines left out)", *whole[-tail:]]
    return "\n".join(printable_line(line, characters=characters) for line in whole)


def printable_line(text: str, *, characters: int = MOST_CHARACTERS) -> str:
    """Return the text as one line, in which a line break is escaped too; of a long one head and tail."""
    if len(text) <= characters:
        line = _harmless(text)
        if len(line) <= characters:
            return line
    middle = f" ... ({len(text)} characters, cut here) ... "
    half = max(0, characters - len(middle)) // 2
    head, tail = (_harmless(text[:half]), _harmless(text[max(half, len(text) - half) :]))
    return f"{head[:half]}{middle}{tail[max(0, len(tail) - half) :]}"


def _harmless(text: str) -> str:
    line = _UNSAFE.sub(_escaped, text)
    return _AT_THE_START.sub(r"\1\\::", _ANYWHERE.sub(r"##\\", line))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
