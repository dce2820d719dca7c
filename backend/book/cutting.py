"""Long sections, cut where a reader would pause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from backend.book.markdown import Block

LIMIT = 1800  # characters of a part

# What the group matches, white space or nothing, parts two pieces and is dropped.
_PARAGRAPHS = re.compile(r"(\n\s*\n)")
_ITEMS = re.compile(r"(\n)(?=[ \t]*(?:[-*+]|\d+[.)])\s)")
_LINES = re.compile(r"(\n)")
_SENTENCES = re.compile(
    r"[.!?\u2026][\"'\u201d\u2019)\]*_]*(\s+)|[\u3002\uff01\uff1f][\u201d\u2019\u300d\u300f\uff09]*(\s*)"
)
_WORDS = re.compile(r"(\s+)")

# The borders within a block, the best ones first.
_PARAGRAPH = (_PARAGRAPHS, _SENTENCES, _WORDS)
_BORDERS = {
    "bullet_list_open": (_ITEMS, *_PARAGRAPH),
    "ordered_list_open": (_ITEMS, *_PARAGRAPH),
    "table_open": (_LINES, _WORDS),
    "fence": (_LINES, _WORDS),
    "code_block": (_LINES, _WORDS),
}
# Lines at a block's start and end that each of its pieces needs: a listing's fences, a table's head.
_FRAMES = {"fence": (1, 1), "table_open": (2, 0)}


def parts_of(blocks: Iterable[Block], limit: int = LIMIT) -> list[str]:
    """Pack blocks into parts of at most `limit` characters."""
    parts: list[str] = []
    for piece in (piece for block in blocks for piece in _pieces(block, limit)):
        if parts and len(parts[-1]) + len(piece) + 2 <= limit:
            parts[-1] += f"\n\n{piece}"
        else:
            parts.append(piece)
    return parts


def _pieces(block: Block, limit: int) -> Iterator[str]:
    if len(block.text) <= limit:
        yield block.text
        return
    lines = block.text.split("\n")
    above, below = _FRAMES.get(block.kind, (0, 0))
    head, body, tail = lines[:above], lines[above : len(lines) - below], lines[len(lines) - below :]
    room = max(limit - sum(len(line) + 1 for line in (*head, *tail)), limit // 2)
    for piece in _cut("\n".join(body), room, _BORDERS.get(block.kind, _PARAGRAPH)):
        yield "\n".join([*head, piece, *tail])


def _cut(text: str, limit: int, borders: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    while len(text) > limit:
        end, start = _border(text, limit, borders)
        if text[:end].strip():
            yield text[:end].rstrip()
        text = text[start:]
    if text.strip():
        yield text.rstrip()


def _border(text: str, limit: int, borders: tuple[re.Pattern[str], ...]) -> tuple[int, int]:
    """Return where a piece ends and where the next one starts.

    What has no border at all, such as a picture in base64, is no word: it is cut at the limit.
    """
    for border in borders:
        found = (match.span(match.lastindex or 0) for match in border.finditer(text, 0, limit + 100))
        if within := [(end, start) for end, start in found if end <= limit]:
            return within[-1]
    return limit, limit
