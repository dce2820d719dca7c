"""The contract as a pytest class that any repository subclasses.

from spacedock.suite import SpaceContract

class TestMySpace(SpaceContract):
    space = "."
    waived = {"runs-as-uid-1000": "base image is not ours, see #12"}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.promise import Promise
from spacedock.session import DockedSpace
from spacedock.verdict.terminal import problem_lines


class SpaceContract:
    """One test, parametrised over the promises: `test_contract[binds-app-port]`.

    `space` is a folder or a manifest, relative to pytest's root. `waived` maps a promise to the reason why
    its being broken is accepted; a waiver of a promise that is kept fails, and an unknown name is an error
    at collection.
    """

    space: ClassVar[Path | str | None] = None
    waived: ClassVar[Mapping[str, str]] = {}

    def test_contract(self, spacedock_promise: Promise, spacedock_docked: DockedSpace) -> None:
        """Hold the Space to one promise."""
        finding = spacedock_docked.finding(spacedock_promise)
        if finding.outcome in {Outcome.BLOCKED, Outcome.ERROR}:
            who = f" by {finding.blame}" if finding.blame else ""
            pytest.fail(f"{finding.outcome}{who}: {finding.detail}\n{finding.log}", pytrace=False)
        if finding.outcome in {Outcome.NOT_PROVEN, Outcome.NOT_ASKED}:
            pytest.skip(f"{finding.outcome}: {finding.detail}")
        if finding.is_red(strict=spacedock_docked.strict):
            text = "\n\n".join("\n".join(problem_lines(problem)) for problem in finding.problems)
            pytest.fail(f"{finding.promise.id}: {finding.promise.title}\n{text}", pytrace=False)
