"""What one run of the contract found."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spacedock import platform
from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.registry import chosen
from spacedock.errors import BootError
from spacedock.space import Space
from spacedock.space.files import opened

_PIECE = 1024 * 1024  # bytes
KEPT, BROKEN, NOTHING_PROVEN = 0, 1, 3


@dataclass(frozen=True)
class Verdict:
    """The findings of one run, for one content digest of the Space."""

    space: str
    digest: str
    dock: str  # empty where there was none: no Space to boot, or files alone were looked at
    header: tuple[str, ...]
    findings: tuple[Finding, ...]
    seconds: float
    observations: tuple[str, ...] = ()  # breaks no promise, and a reader should know it

    def exit_code(self, *, strict: bool = False) -> int:
        """0 kept, 1 broken, 3 nothing proven, 5 it did not build, 6 it did not boot, 7 spacedock failed.

        4 where the engine went away before all could be seen.
        `strict` counts a broken `should`. What is blocked by a broken promise that nobody asked for has that
        one's code.
        """
        if red := [finding for finding in self.findings if finding.is_red(strict=strict)]:
            return max(finding.promise.exit_code for finding in red)
        if blocked := list(self._codes_of_blocked()):
            return max(blocked)
        if failures := [found.failure for found in self.findings if found.outcome is Outcome.ERROR]:
            return min(
                failures
            )  # what a user can mend before what is a defect of ours, which may follow from it
        outcomes = self.counts()
        return KEPT if outcomes[Outcome.KEPT] or outcomes[Outcome.BROKEN] else NOTHING_PROVEN

    def counts(self) -> Counter[Outcome]:
        """How many findings had each outcome."""
        return Counter(finding.outcome for finding in self.findings)

    def _codes_of_blocked(self) -> Iterator[int]:
        for finding in self.findings:
            if finding.outcome is Outcome.BLOCKED:
                yield chosen([finding.blame])[0].exit_code if finding.blame else BootError.exit_code


def digest(space: Space) -> str:
    """Return the SHA-256 of what a push would carry: paths and contents, in order.

    Of what is no file the path alone, and of files that are more than a Space can hold also the size. Raises
    UsageError for a file that cannot be read.
    """
    whole = hashlib.sha256()
    left = platform.REPOSITORY_LIMIT.value
    for name in space.files():
        path = space.root / name
        whole.update(os.fsencode(name))
        if path.is_symlink():
            target = os.fsencode(path.readlink())
            whole.update(f"\0link\0{len(target)}\0".encode() + target)
        elif path.is_file():
            size = path.stat().st_size
            whole.update(f"\0file\0{size}\0".encode())
            left -= size
            for piece in _pieces(path) if left >= 0 else ():
                whole.update(piece)
        else:  # a submodule, or what no push carries
            whole.update(b"\0other\0")
    return whole.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with opened(path) as file:
        yield from iter(lambda: file.read(_PIECE), b"")
