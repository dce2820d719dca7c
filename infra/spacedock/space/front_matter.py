"""The YAML block at the head of a Space's README.md, held to what Hugging Face accepts.

Source of every rule: spaces-config-reference, and the answers of the Hub's own check at push.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from spacedock import platform
from spacedock.errors import UsageError

_FENCE = "---"
_DURATION = re.compile(r"\d+\s*(s|m|h|d|seconds?|minutes?|hours?|days?|min|sec|hr)?")


@dataclass(frozen=True)
class FrontMatter:
    """What the harness needs of the block; `values` holds all of it."""

    path: Path
    title: str
    app_port: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Defect:
    """One thing that is wrong with the block."""

    key: str
    what: str
    remedy: str


def read_front_matter(path: Path) -> FrontMatter:
    """Read and check the block of the README at `path`.

    Raises UsageError, naming file, line and remedy, for the first defect found.
    """
    text = _block(path)
    values, lines = _parse(path, text)
    for defect in _defects(values):
        raise UsageError(defect.what, path=path, line=lines.get(defect.key, 1), remedy=defect.remedy)
    return FrontMatter(
        path=path,
        title=str(values.get("title", "")),
        app_port=values.get("app_port", platform.DEFAULT_APP_PORT),
        values=values,
    )


def _block(path: Path) -> str:
    """Return the text between the fences, which must be the file's very first bytes."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            "there is no README here: Hugging Face shows `Missing configuration in README`",
            path=path,
            remedy="add a README.md that starts with a `---` block holding `sdk: docker`",
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"it is not UTF-8: {error.reason}", path=path, remedy="save it as UTF-8") from None
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != _FENCE:
        raise UsageError(
            "the first line is not `---`: Hugging Face shows `Missing configuration in README`",
            path=path,
            line=1,
            remedy="start the file with the front matter, without a blank line or byte order mark before it",
        )
    try:
        end = [line.rstrip() for line in lines].index(_FENCE, 1)
    except ValueError:
        raise UsageError(
            "the front matter is never closed", path=path, line=1, remedy="end the block with a line `---`"
        ) from None
    return "\n".join(lines[1:end])


def _parse(path: Path, text: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the block's values and the line of each key in the README."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise UsageError(
            f"the front matter is not YAML: {error.problem}",
            path=path,
            line=mark.line + 2 if mark else 1,
            remedy="correct the line; quote values that hold `:` or `#`",
        ) from None
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        raise UsageError(
            "the front matter holds no `key: value` pairs",
            path=path,
            line=1,
            remedy="add at least `sdk: docker`",
        )
    # The block starts on the README's second line, marks count from 0.
    lines = {key.value: key.start_mark.line + 2 for key, _ in node.value}
    return values, lines


def _defects(values: Mapping[str, Any]) -> Iterator[Defect]:
    if values.get("sdk") != "docker":
        yield Defect(
            "sdk",
            f"`sdk` is {values.get('sdk')!r}: Hugging Face would not build the Dockerfile",
            "write `sdk: docker`",
        )
    port = values.get("app_port", platform.DEFAULT_APP_PORT)
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
        yield Defect("app_port", f"`app_port` is {port!r}, not a port", "write a number from 1 to 65535")
    for key in ("colorFrom", "colorTo"):
        if key in values and values[key] not in platform.COLORS:
            yield _not_one_of(key, values[key], platform.COLORS)
    if "header" in values and values["header"] not in platform.HEADERS:
        yield _not_one_of("header", values["header"], platform.HEADERS)
    if "suggested_hardware" in values and values["suggested_hardware"] not in platform.HARDWARE:
        yield _not_one_of("suggested_hardware", values["suggested_hardware"], tuple(platform.HARDWARE))
    yield from _text_defects(values)


def _text_defects(values: Mapping[str, Any]) -> Iterator[Defect]:
    description = str(values.get("short_description", ""))
    most = platform.SHORT_DESCRIPTION_CHARACTERS
    if len(description) > most:
        yield Defect(
            "short_description",
            f"`short_description` has {len(description)} characters; the push is rejected over {most}",
            f"shorten it to {most}",
        )
    if not str(values.get("base_path", "/")).startswith("/"):
        yield Defect("base_path", "`base_path` does not start with `/`", "write it as `/path`")
    duration = values.get("startup_duration_timeout")
    if duration is not None and not _DURATION.fullmatch(str(duration).strip()):
        yield Defect(
            "startup_duration_timeout",
            f"`startup_duration_timeout` is {duration!r}, not a duration",
            "write it as `30m` or `1h`",
        )
    for header in values.get("custom_headers") or {}:
        if header not in platform.CUSTOM_HEADERS:
            yield _not_one_of("custom_headers", header, platform.CUSTOM_HEADERS)


def _not_one_of(key: str, value: object, allowed: tuple[str, ...]) -> Defect:
    return Defect(key, f"`{key}` is {value!r}; the push is rejected", f"use one of {', '.join(allowed)}")
