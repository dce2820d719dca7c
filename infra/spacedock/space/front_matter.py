"""The YAML block at the head of a Space's README.md."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from spacedock import platform
from spacedock.errors import FrontMatterError, NoTextFileError, UsageError
from spacedock.space.defects import Defect, defects, repeated, shown
from spacedock.space.files import lines_of, read_head
from spacedock.space.yaml_text import YamlDefect, composed, constructed

_FENCE = "---"
_HEAD = 1024 * 1024  # bytes of the README that are looked at
_LONGEST = 64 * 1024  # characters of the block
_MISSING = f"Hugging Face shows `{platform.MISSING_CONFIGURATION_TEXT.value}`, stage CONFIG_ERROR"


@dataclass(frozen=True)
class FrontMatter:
    """What the harness needs of the block; `values` holds all of it, `defects` what the Hub would refuse."""

    path: Path
    title: str
    app_port: int
    values: Mapping[str, Any]
    lines: Mapping[str, int]  # of each key in the README
    defects: tuple[Defect, ...] = ()

    def place(self, key: str) -> str:
        """`file:line` of a key."""
        return f"{self.path}:{self.lines.get(key, 1)}"


def read_front_matter(path: Path) -> FrontMatter:
    """Read the block of the README at `path` and check its values.

    Raises FrontMatterError, naming file, line and remedy, only where there is no Docker Space to read: no
    README, no block, no YAML, no `sdk: docker`. Everything else is kept as a defect.
    """
    text = _block(path)
    values, lines, twice = _parse(path, text)
    _require_docker(path, values, lines)
    found = sorted([*twice, *defects(values, lines)], key=lambda defect: defect.line)
    unusable = {defect.key for defect in found}
    port = platform.DEFAULT_APP_PORT.value
    return FrontMatter(
        path=path,
        title=str(values.get("title") or ""),
        app_port=port if "app_port" in unusable else values.get("app_port") or port,
        values=values,
        lines=lines,
        defects=tuple(found),
    )


def _block(path: Path) -> str:
    """Return the text between the fences, which must be the file's very first bytes."""
    lines = lines_of(_head(path))
    if not lines or lines[0].rstrip() != _FENCE:
        raise FrontMatterError(
            f"the first line is not `---`: {_MISSING}",
            path=path,
            line=1,
            remedy="start the file with the front matter, without a blank line or byte order mark before it",
        )
    try:
        end = [line.rstrip() for line in lines].index(_FENCE, 1)
    except ValueError:
        raise FrontMatterError(
            "the front matter is never closed", path=path, line=1, remedy="end the block with a line `---`"
        ) from None
    block = "\n".join(lines[1:end])
    if len(block) > _LONGEST:
        raise UsageError(
            f"the front matter has {len(block)} characters; it is read up to {_LONGEST}",
            path=path,
            line=1,
            remedy="keep settings in it, and text below it",
        )
    return block


def _head(path: Path) -> str:
    if not os.path.lexists(path):
        raise FrontMatterError(
            f"there is no README here: {_MISSING}",
            path=path,
            remedy="add a README.md that starts with a `---` block holding `sdk: docker`",
        )
    try:
        return read_head(path, _HEAD)
    except NoTextFileError as error:
        raise FrontMatterError(error.what, path=path, line=error.line, remedy=error.remedy) from None


def _parse(path: Path, text: str) -> tuple[dict[str, Any], dict[str, int], tuple[Defect, ...]]:
    """Return the block's values, the line of each key in the README, and the keys that stand there twice."""
    try:
        node = composed(text)
        keys = list(_keys(node))  # before the values: making those moves merged keys in among the node's own
        values = constructed(node)
    except YamlDefect as error:
        raise FrontMatterError(
            f"the front matter is not YAML: {error.what}",
            path=path,
            line=error.line + 1,
            remedy="correct the line; quote values that hold `:` or `#`",
        ) from None
    if not isinstance(values, dict):
        raise FrontMatterError(
            f"the front matter holds no `key: value` pairs: {_MISSING}",
            path=path,
            line=1,
            remedy="add at least `sdk: docker`",
        )
    counts = Counter(key for key, _ in keys)
    lines = dict(keys)
    return values, lines, tuple(repeated(key, lines[key]) for key, count in counts.items() if count > 1)


def _keys(node: yaml.Node | None, within: str = "") -> Iterator[tuple[str, int]]:
    """Yield each key, `outer.inner` for one in a table, and its line in the README."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if not isinstance(key, yaml.ScalarNode):
            continue
        # The block starts on the README's second line, marks count from 0.
        yield f"{within}{key.value}", key.start_mark.line + 2
        yield from _keys(value, f"{within}{key.value}.")


def _require_docker(path: Path, values: Mapping[str, Any], lines: Mapping[str, int]) -> None:
    sdk = values.get("sdk")
    if sdk == platform.SDK.value:
        return
    there = "the Dockerfile is not built and the Space ends as NO_APP_FILE" if sdk else _MISSING
    raise FrontMatterError(
        f"`sdk` is {shown(sdk)}: {there}" if sdk else f"there is no `sdk`: {there}",
        path=path,
        line=lines.get("sdk", 1),
        remedy=f"write `sdk: {platform.SDK.value}`",
    )
