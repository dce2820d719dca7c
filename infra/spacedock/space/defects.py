"""The rules of the front matter: what the Hub's own check refuses at push, all of it at once.

Source of every rule: the facts in `spacedock.platform.front_matter`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from spacedock import durations, platform
from spacedock.platform.front_matter import Kind

_MOST_TOLD = 100  # defects of a kind
_LONGEST_SHOWN = 200  # characters of a value

Values = Mapping[str, Any]
Lines = Mapping[str, int]


@dataclass(frozen=True)
class Defect:
    """One thing that is wrong with the block; `line` counts from 1 in its file."""

    key: str
    what: str
    remedy: str
    line: int = 1


def defects(values: Values, lines: Lines) -> Iterator[Defect]:
    """Yield every defect of a block, in the order of its lines."""
    rules = (_wrong_kinds, *_RULES)
    found = [defect for rule in rules for defect in islice(rule(values), _MOST_TOLD)]
    placed = [Defect(d.key, d.what, d.remedy, lines.get(d.key, 1)) for d in found]
    yield from sorted(placed, key=lambda defect: defect.line)


def repeated(key: str, line: int) -> Defect:
    """Return the defect of a key that stands twice; YAML wants keys to be unique (YAML 1.2, 3.2.1.3)."""
    return Defect(key, f"`{key}` stands there twice", "delete one of the two", line)


def shown(value: object) -> str:
    """Return the value as it is written, no longer than anybody reads."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def nearest(word: str, words: tuple[str, ...]) -> str:
    """Return the one of `words` that was probably meant; empty where none is close."""
    by_lower = {candidate.lower(): candidate for candidate in words}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.75)
    return by_lower[close[0]] if close else ""


def _wrong_kinds(values: Values) -> Iterator[Defect]:
    for key, value in values.items():
        kind = platform.KEYS.value.get(key)
        # A key without a value is taken for one that is not there; some scalars the Hub may read as text.
        if kind is not None and value is not None and not isinstance(value, _KINDS[kind]):
            yield Defect(key, f"`{key}` is {shown(value)}, not {kind}", f"write {kind}")


_SCALAR = (str, int, float)
_KINDS: Mapping[Kind, type | tuple[type, ...]] = {
    Kind.TEXT: _SCALAR,
    Kind.NUMBER: object,  # each has a rule of its own, which says more
    Kind.FLAG: bool,
    Kind.LIST: list,
    Kind.TABLE: dict,
    Kind.TEXT_OR_LIST: (*_SCALAR, list),
}


def _port(values: Values) -> Iterator[Defect]:
    port = values.get("app_port")
    if port is not None and not _whole(port, 65535):
        yield Defect("app_port", f"`app_port` is {shown(port)}, not a port", "write a number from 1 to 65535")


def _emoji(values: Values) -> Iterator[Defect]:
    emoji = values.get("emoji")
    if emoji is not None and not _EMOJI.fullmatch(str(emoji)):
        yield Defect("emoji", f"`emoji` is {shown(emoji)}, not one emoji", "write one emoji and nothing else")


# Flags, key caps, tag sequences (England), and pictures with skin tones, joined ones included (UTS 51).
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
    "\ufe0f?[\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007f]*"
)
_EMOJI = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_PICTURE}(?:\u200d{_PICTURE})*")


def _choices(values: Values) -> Iterator[Defect]:
    for key, allowed in _CHOICES.items():
        value = values.get(key)
        if value is not None and value not in allowed:
            yield _not_one_of(key, value, allowed)


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "colorFrom": platform.COLORS.value,
    "colorTo": platform.COLORS.value,
    "header": platform.HEADERS.value,
    "suggested_hardware": platform.FLAVORS.value,
}


def _license(values: Values) -> Iterator[Defect]:
    given = values.get("license")
    for name in given if isinstance(given, list) else [given]:
        if name is not None and name not in platform.LICENSES.value:
            known = f"the Hub's list, as of {platform.LICENSES.date}"
            meant = nearest(str(name), platform.LICENSES.value)
            remedy = f"write `{meant}`" if meant else "write `other` and give it a `license_name`"
            yield Defect("license", f"`license` is {shown(name)}, which is not in {known}", remedy)


def _short_description(values: Values) -> Iterator[Defect]:
    # The Hub words it as Joi does, which counts a text as JavaScript does: UTF-16 units, two for most emoji.
    description = str(values.get("short_description") or "")
    length = len(description.encode("utf-16-le")) // 2
    most = platform.SHORT_DESCRIPTION_CHARACTERS.value
    if length > most:
        yield Defect(
            "short_description",
            f"`short_description` has {length} characters; at most {most} are accepted",
            f"shorten it to {most}",
        )


def _base_path(values: Values) -> Iterator[Defect]:
    path = values.get("base_path")
    if path is not None and not str(path).startswith(platform.BASE_PATH_START.value):
        yield Defect("base_path", f"`base_path` is {shown(path)}, without `/` in front", f"write `/{path}`")


def _startup(values: Values) -> Iterator[Defect]:
    wanted = values.get("startup_duration_timeout")
    if wanted is not None and durations.seconds(str(wanted)) is None:
        yield Defect(
            "startup_duration_timeout",
            f"`startup_duration_timeout` is {shown(wanted)}, not a duration",
            "write it as `30m` or `1h`",
        )


def _custom_headers(values: Values) -> Iterator[Defect]:
    given = values.get("custom_headers")
    for header, value in given.items() if isinstance(given, dict) else ():
        place = f"custom_headers.{header}"
        if header not in platform.CUSTOM_HEADERS.value:
            yield _not_one_of(place, header, platform.CUSTOM_HEADERS.value)
        elif str(value) != str(value).lower():
            yield Defect(
                place, f"`{header}` is {shown(value)}, not in lower case", f"write `{str(value).lower()}`"
            )


def _oauth(values: Values) -> Iterator[Defect]:
    minutes = values.get("hf_oauth_expiration_minutes")
    most = platform.OAUTH_MINUTES.value
    if minutes is not None and not _whole(minutes, most):
        yield Defect(
            "hf_oauth_expiration_minutes",
            f"`hf_oauth_expiration_minutes` is {shown(minutes)}",
            f"write a number of minutes, at most {most}",
        )


_RULES: tuple[Callable[[Values], Iterator[Defect]], ...] = (
    _port,
    _emoji,
    _choices,
    _license,
    _short_description,
    _base_path,
    _startup,
    _custom_headers,
    _oauth,
)


def _whole(value: object, most: int) -> bool:
    """Whether `value` is a whole number from 1 to `most`; YAML's `yes` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _not_one_of(place: str, value: object, allowed: tuple[str, ...]) -> Defect:
    key = place.partition(".")[0]
    meant = nearest(str(value), allowed)
    first = f"did you mean `{meant}`? " if meant else ""
    return Defect(
        place,
        f"`{key}` {_names(key)} {shown(value)}, which is not accepted",
        f"{first}use one of {', '.join(allowed)}",
    )


def _names(key: str) -> str:
    return "names" if platform.KEYS.value[key] is Kind.TABLE else "is"
