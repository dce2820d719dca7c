"""YAML of a stranger: nodes and values of a text, within bounds of depth and size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

_DEEPEST = 50  # collections within each other
_MOST = 50_000  # nodes, and every hundred characters; an alias counts as all that it stands for
_LARGEST = 1024  # bits of a number
# What PyYAML's constructors raise for a scalar that only looks like what its tag says.
_NO_VALUE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

Loader = type[yaml.SafeLoader]
# The parser in C, where PyYAML was built with it: it is quick, and refuses some escapes that the Hub reads.
QUICK: Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlDefect(Exception):  # noqa: N818 - it is the text's
    """The text is no YAML that can be read; `line` counts from 1 in it."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


def composed(text: str, loader: Loader = yaml.SafeLoader) -> yaml.Node | None:
    """Return the root node of a text; None where it is empty. Raises YamlDefect."""
    try:
        _require_bounds(yaml.parse(text, Loader=loader))
        return yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlDefect(str(error.problem or error.context), mark.line + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlDefect(f"it holds the character U+{_code(error):04X}", line) from None


def constructed(node: yaml.Node | None) -> Any:
    """Return the value of a node that `composed` returned. Raises YamlDefect."""
    try:
        return _Values("").construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlDefect(str(error.problem or error.context), mark.line + 1 if mark else 1) from None


class _Values(yaml.SafeLoader):
    """Leaves a scalar a text that is not what it looks like (`2024-13-45`): readers differ on those."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        except _NO_VALUE:
            self.recursive_objects.pop(node, None)
            value = None if isinstance(node, yaml.CollectionNode) else node.value
        if isinstance(value, int) and value.bit_length() > _LARGEST:
            value = node.value
        return _paired(value) if isinstance(value, str) else value


def _paired(text: str) -> str:
    """Return the text with each pair of escaped surrogates as the character that it is in JSON."""
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _require_bounds(events: Iterator[yaml.Event]) -> None:
    """Raise YamlDefect where the nodes would lie too deep, be too many, or hold themselves."""
    sizes: dict[str | None, int] = {}  # of what each anchor stands for
    within: list[tuple[str | None, int]] = []  # the anchors of what is open, and the size before it
    total = 0
    for event in events:
        before = total
        total += _size(event, sizes)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.CollectionStartEvent):
            within.append((event.anchor, before))
        elif isinstance(event, yaml.ScalarEvent):
            sizes[event.anchor] = total - before
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = within.pop()
            sizes[anchor] = total - before
        elif isinstance(event, yaml.AliasEvent) and event.anchor in (anchor for anchor, _ in within):
            raise YamlDefect(f"`*{event.anchor}` stands within what it names", line)
        if len(within) > _DEEPEST:
            raise YamlDefect(f"more than {_DEEPEST} lists and tables lie within each other", line)
        if total > _MOST:
            raise YamlDefect(f"it stands for more than {_MOST} values", line)


def _size(event: yaml.Event, sizes: Mapping[str | None, int]) -> int:
    if isinstance(event, yaml.AliasEvent):
        return sizes.get(event.anchor, 1)
    if isinstance(event, yaml.ScalarEvent):
        return 1 + len(event.value) // 100
    return int(isinstance(event, yaml.CollectionStartEvent))


def _code(error: yaml.reader.ReaderError) -> int:
    character = error.character
    return character if isinstance(character, int) else ord(character)
