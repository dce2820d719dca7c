"""What is said of a folder that is no Docker Space, as Hugging Face would say it after the push."""

from __future__ import annotations

from collections.abc import Iterable

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.life import Stage, state_after
from spacedock.errors import UsageError

_PROMISES = {Stage.CONFIG_ERROR: "front-matter-is-valid", Stage.NO_APP_FILE: "builds-from-what-is-pushed"}


def broken_by(error: UsageError) -> str:
    """Return the promise that a folder breaks which cannot be read for that; empty where none is broken."""
    state = state_after(error)
    return _PROMISES.get(state.stage, "") if state else ""


def findings_of(error: UsageError, promises: Iterable[Promise]) -> tuple[Finding, ...]:
    """Return the findings where there is no Space to boot: one promise is broken, all others wait."""
    broken = broken_by(error)
    return tuple(_finding(error, promise, broken) for promise in promises)


def _finding(error: UsageError, promise: Promise, broken: str) -> Finding:
    if promise.id != broken:
        detail = f"there is no Docker Space to boot: {error.what}"
        return Finding(promise, Outcome.BLOCKED, detail=detail, blame=broken)
    seen = f"{error.place}: {error.what}"
    problem = Problem(seen, f"{state_after(error)}.", error.remedy, promise.source)
    return Finding(promise, Outcome.BROKEN, (problem,))
