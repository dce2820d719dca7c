"""`spacedock lint`: hold a Space's files to its contract, without Docker."""

from __future__ import annotations

from pathlib import Path

from spacedock.cli.app import app
from spacedock.cli.options import Place
from spacedock.cli.reporting import Only, Report, Strict, destinations, end


@app.command()
def lint(
    path: Place = Path(),
    promise: Only = None,
    strict: Strict = False,
    report: Report = None,
) -> None:
    """Hold the Space's files alone to its contract: no Docker, no network, in a second."""
    from spacedock.contract.registry import chosen
    from spacedock.verdict.hold import lint as held

    reports = destinations(report)
    end(held(path, chosen(promise or ())), reports, strict=strict)
