"""Findings and verdicts, in the words of a test."""

from __future__ import annotations

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Problem
from spacedock.contract.registry import chosen
from spacedock.verdict.model import Verdict

PROBLEM = Problem(
    seen="port 8080 is bound to loopback only",
    consequence="the Space stays Starting",
    remedy="bind 0.0.0.0",
    source="spaces-config-reference",
    log="Uvicorn running on http://127.0.0.1:8080",
)


def finding(outcome: Outcome, promise: str = "binds-app-port", *, blame: str = "") -> Finding:
    (found,) = chosen([promise])
    problems = (PROBLEM,) if outcome is Outcome.BROKEN else ()
    detail = "" if outcome in {Outcome.KEPT, Outcome.BROKEN} else f"why: {outcome}"
    log = "ImportError: no module named app" if outcome is Outcome.BLOCKED else ""
    return Finding(found, outcome, problems, detail, log, seconds=1.25, blame=blame)


def verdict(*findings: Finding) -> Verdict:
    return Verdict("owner/name", "abc123" * 8, "image", ("postgres: stand-in",), findings, 4.2)
