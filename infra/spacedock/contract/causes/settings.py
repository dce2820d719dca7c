"""A setting that the program wants and the manifest does not name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacedock import platform
from spacedock.contract.causes.base import ToldCause
from spacedock.space import Space

_NAME = r"(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{4,}(?:URL|URI|KEY|TOKEN|DSN))"
_ABSENT = (
    r"not set|unset|missing|required|not (?:been )?(?:configured|defined|provided|found)|"
    r"undefined|must be|empty"
)
_WANTED = (
    re.compile(rf"^KeyError: '{_NAME}'", re.MULTILINE),
    re.compile(rf"\b{_NAME}\b[^\n]{{0,80}}?\b(?:{_ABSENT})\b"),
    re.compile(rf"\b(?:{_ABSENT}|environment variables?|env vars?|set)\b[^\n]{{0,80}}?\b{_NAME}\b"),
    re.compile(r"^(?P<name>[a-z][a-z0-9_]*)\n\s+Field required", re.MULTILINE),  # pydantic-settings
)
# Constants of libraries that stand in messages and are no settings.
_NO_SETTING = re.compile(r"^(?:ERR|HTTP|SSL|TLS|UV|AF|SO|CERTIFICATE|RUNTIME|MODULE|PGRES)_|_ERROR$")


def settings(log: str, space: Space) -> Iterator[ToldCause]:
    """Say its name, and where it belongs."""
    manifest = space.manifest
    known = {*manifest.secrets, *manifest.all_variables, *platform.BUILT_IN_VARIABLES.value}
    for pattern in _WANTED:
        for found in pattern.finditer(log):
            name = found["name"].upper()
            if name not in known and not _NO_SETTING.search(name):
                yield _cause(found.start("name"), name, manifest.path.name, space)


def _cause(at: int, name: str, path: str, space: Space) -> ToldCause:
    there = f"which {path} does not name" if space.manifest.path.is_file() else "and there is no manifest"
    return ToldCause(
        at,
        f"it wants {name}, {there}: the dock gives it none",
        f"put it under [secrets] in {path} (`{name} = {{}}`: a random text in a run), or under [variables] "
        "with a value; and set it in the Space's settings",
    )
