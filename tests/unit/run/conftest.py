from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.capability import Capability
from spacedock.evidence.base import FILES, Evidence, Surroundings
from spacedock.space import Space
from tests.unit.spaces import sound_space


@dataclass(frozen=True)
class Says(Evidence[str]):
    """A text, or what is raised in its place."""

    text: str = ""

    needs: ClassVar = frozenset({Capability.BOOT})

    def gather(self, _around: Surroundings) -> str:
        return self.text


@dataclass(frozen=True)
class OfFiles(Says):
    """The same, read of files."""

    needs: ClassVar = FILES


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return sound_space(tmp_path)


def promise(wanted: Evidence[Any], *, ahead: bool = True, raises: Exception | None = None) -> Promise:
    """Return a promise that looks at one piece of evidence, and finds a problem where that is a text."""

    class Made(Promise):
        title = reason = consequence = remedy = source = "made for a test"
        since = "0.1"
        evidence: ClassVar = (type(wanted),)

        @property
        def id(self) -> str:
            return f"looks-at-{type(wanted).__name__.lower()}"

        def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
            return (wanted,) if ahead else ()

        def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
            found = seen(wanted)
            if raises is not None:
                raise raises
            if isinstance(found, str):
                yield self.problem(found)

    return Made()
