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
from spacedock.printable import printable, printable_line
from spacedock.session import DockedSpace
from spacedock.verdict.terminal import problems_text


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
            said = f"{finding.outcome}{who}: {finding.detail}\n{finding.log}"
            pytest.fail(printable(said), pytrace=False)
        if finding.outcome in {Outcome.NOT_PROVEN, Outcome.NOT_ASKED}:
            pytest.skip(printable_line(f"{finding.outcome}: {finding.detail}"))
        if finding.is_red(strict=spacedock_docked.strict):
            title = f"{finding.promise.id}: {finding.promise.title}"
            pytest.fail(f"{title}\n{problems_text(finding)}", pytrace=False)
