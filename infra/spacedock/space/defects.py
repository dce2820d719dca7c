"""The rules of the front matter: what the Hub's own check refuses at push, all of it at once.

Source of every rule: the facts in `spacedock.platform.front_matter`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from spacedock import durations, platform
from spacedock.platform import Fact
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
    unlisted_in: Fact[Any] | None = None  # the closed list that it is not on, and is like nothing of
    certain: bool = True  # the Hub refuses it; else the list that says so is old, and the Hub's may be longer


def defects(values: Values, lines: Lines, today: date | None = None) -> Iterator[Defect]:
    """Yield every defect of a block, in the order of its lines. Closed lists are as old as `today` says."""
    day = today or datetime.now(UTC).date()
    rules = (_wrong_kinds, *_RULES)
    found = [defect for rule in rules for defect in islice(rule(values), _MOST_TOLD)]
    placed = [replace(_aged(defect, day), line=lines.get(defect.key, 1)) for defect in found]
    yield from sorted(placed, key=lambda defect: defect.line)


def _aged(defect: Defect, today: date) -> Defect:
    """Return it as less than certain where the list that it is not on is old."""
    known = defect.unlisted_in
    if known is None or not known.is_aged(today):
        return defect
    told = f"{defect.what} (as of {known.date}: the Hub's own list may be longer by now)"
    return replace(defect, what=told, certain=False)


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
        if value is not None and value not in allowed.value:
            yield _not_one_of(key, value, allowed, allowed.value)


_CHOICES: Mapping[str, Fact[tuple[str, ...]]] = {
    "colorFrom": platform.COLORS,
    "colorTo": platform.COLORS,
    "header": platform.HEADERS,
    "suggested_hardware": platform.FLAVORS,
}


def _license(values: Values) -> Iterator[Defect]:
    given = values.get("license")
    for name in given if isinstance(given, list) else [given]:
        if name is not None and name not in platform.LICENSES.value:
            meant = nearest(str(name), platform.LICENSES.value)
            remedy = f"write `{meant}`" if meant else "write `other` and give it a `license_name`"
            what = f"`license` is {shown(name)}, which is not in the Hub's list"
            yield Defect("license", what, remedy, unlisted_in=_list_without(name, platform.LICENSES))


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


def _grace(values: Values) -> Iterator[Defect]:
    wanted = values.get("termination_grace_period")
    if wanted is None:
        return
    most = platform.MOST_STOP_GRACE_SECONDS
    given = durations.seconds(str(wanted))
    if given is None or given > most.value:
        yield Defect(
            "termination_grace_period",
            f"`termination_grace_period` is {shown(wanted)}, not a duration of at most {most.text}",
            "write it as `30s` or `2m`",
            certain=False,  # what becomes of such a value nobody wrote
        )


def _custom_headers(values: Values) -> Iterator[Defect]:
    given = values.get("custom_headers")
    for header, value in given.items() if isinstance(given, dict) else ():
        place, known = f"custom_headers.{header}", platform.CUSTOM_HEADERS
        if header not in known.value:
            yield _not_one_of(place, header, known, tuple(known.value))
        elif str(value) != str(value).lower():
            yield Defect(
                place, f"`{header}` is {shown(value)}, not in lower case", f"write `{str(value).lower()}`"
            )
        elif value not in known.value[header]:
            yield Defect(
                place,
                f"`{header}` is {shown(value)}, which is none of its values",
                f"use one of {', '.join(known.value[header])}",
                unlisted_in=known,
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
    _grace,
    _custom_headers,
    _oauth,
)


def _whole(value: object, most: int) -> bool:
    """Whether `value` is a whole number from 1 to `most`; YAML's `yes` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _list_without(value: object, known: Fact[Any]) -> Fact[Any] | None:
    """Return the list that lacks a value; None where a list has it in other letters, which no list will."""
    is_there = str(value).lower() in {str(each).lower() for each in known.value}
    return None if is_there else known


def _not_one_of(place: str, value: object, known: Fact[Any], allowed: tuple[str, ...]) -> Defect:
    key = place.partition(".")[0]
    meant = nearest(str(value), allowed)
    first = f"did you mean `{meant}`? " if meant else ""
    return Defect(
        place,
        f"`{key}` {_names(key)} {shown(value)}, which is not accepted",
        f"{first}use one of {', '.join(allowed)}",
        unlisted_in=_list_without(value, known),
    )


def _names(key: str) -> str:
    return "names" if platform.KEYS.value[key] is Kind.TABLE else "is"
