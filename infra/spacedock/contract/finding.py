"""How one promise came out of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from spacedock.contract.promise import Level, Problem, Promise
from spacedock.errors import InternalError


class Outcome(StrEnum):
    """How one promise came out of one run."""

    KEPT = "kept"
    BROKEN = "broken"
    BLOCKED = "blocked"  # what it looks at did not come about, for a reason that is told elsewhere
    NOT_PROVEN = "not proven here"  # the run cannot show it
    NOT_ASKED = "not asked"  # the manifest gives it nothing to check
    WAIVED = "waived"
    ERROR = "error"  # something of spacedock itself failed: nothing is said of the Space


@dataclass(frozen=True)
class Finding:
    """What a run says of one promise."""

    promise: Promise
    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    detail: str = ""
    log: str = ""  # the last lines of a boot that did not come up
    seconds: float = 0.0
    blame: str = ""  # of what is blocked: the promise that says why; empty where the Space did not come up
    failure: int = InternalError.exit_code  # of an error: the exit code of what failed

    @property
    def level(self) -> Level:
        """What is broken of it: a `should` where each of its problems is one."""
        levels = {problem.level or self.promise.level for problem in self.problems} or {self.promise.level}
        return Level.MUST if Level.MUST in levels else Level.SHOULD

    def is_red(self, *, strict: bool = False) -> bool:
        """Whether it alone turns a verdict red; `strict` counts a broken `should`."""
        return self.outcome is Outcome.BROKEN and (self.level is Level.MUST or strict)

    def redacted(self, canaries: Mapping[str, tuple[str, ...]]) -> Finding:
        """Return it without the secrets of the run."""
        return replace(
            self,
            problems=tuple(
                replace(
                    problem,
                    seen=redact(problem.seen, canaries),
                    remedy=redact(problem.remedy, canaries),
                    log=redact(problem.log, canaries),
                )
                for problem in self.problems
            ),
            detail=redact(self.detail, canaries),
            log=redact(self.log, canaries),
        )


def redact(text: str, canaries: Mapping[str, tuple[str, ...]]) -> str:
    """Return `text` with every secret of the run replaced by the name of its variable in brackets."""
    for name, values in canaries.items():
        for value in values:
            text = text.replace(value, f"[{name}]")
    return text
