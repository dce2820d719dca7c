from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.space import Space
from tests.unit.spaces import sound_space


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
