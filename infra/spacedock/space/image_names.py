"""What the name of an image looks like (distribution/reference, regexp.go)."""

from __future__ import annotations

import re

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_LONGEST = 255  # characters of a name without tag and digest


def is_image_name(text: str) -> bool:
    """Whether the builder could take `text` for an image: a domain, a path, a tag and a digest."""
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        return False
    name, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:  # the port of a domain
        name, colon, tag = rest, "", ""
    if colon and not _TAG.fullmatch(tag):
        return False
    return len(name) <= _LONGEST and _is_repository(name)


def _is_repository(name: str) -> bool:
    first, slash, rest = name.partition("/")
    if slash and (set(".:") & set(first) or first == "localhost" or first != first.lower()):
        return bool(_DOMAIN.fullmatch(first) and _PATH.fullmatch(rest))
    return bool(_PATH.fullmatch(name))
