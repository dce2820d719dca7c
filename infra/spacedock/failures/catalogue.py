"""Finds the failures: each folder of this room that holds a `failure.toml`."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from spacedock.errors import UsageError
from spacedock.failures.base import Failure, failure_from

FOLDER = Path(__file__).parent
_FILE = "failure.toml"


@cache
def all_failures() -> tuple[Failure, ...]:
    """Return every failure, by name. Raises UsageError for a folder that is not as it should be."""
    return tuple(_read(path) for path in sorted(FOLDER.glob(f"*/{_FILE}")))


def find(name: str) -> Failure:
    """Return the failure of that name. Raises UsageError with the nearest names for one that is none."""
    by_name = {failure.name: failure for failure in all_failures()}
    if name in by_name:
        return by_name[name]
    near = [known for known in by_name if name in known] or _near(name, by_name)
    hint = f"did you mean {', '.join(near)}?" if near else "`spacedock reproduce` lists them"
    raise UsageError(f"there is no failure `{name}`", remedy=hint)


def filtered(word: str) -> tuple[Failure, ...]:
    """Return the failures that `word` occurs in: name, title, group, layer, promises or symptoms."""
    wanted = word.casefold()
    return tuple(failure for failure in all_failures() if wanted in _words(failure).casefold())


def _words(failure: Failure) -> str:
    texts = [symptom.text for symptom in failure.symptoms]
    return "\n".join([failure.name, failure.title, failure.group, failure.layer, *failure.breaks, *texts])


def _near(name: str, known: dict[str, Failure]) -> list[str]:
    return get_close_matches(name, known, n=3)


def _read(path: Path) -> Failure:
    try:
        return failure_from(path.parent.name, tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise UsageError(f"it describes no failure: {error}", path=path, remedy="correct it") from None
