"""`spacedock check`: hold a Space to its contract."""

from __future__ import annotations

from pathlib import Path

from spacedock.cli.app import app
from spacedock.cli.options import (
    DockOption,
    EdgeOption,
    EgressOption,
    Place,
    ScaleOption,
    TrustOption,
    Verbose,
)
from spacedock.cli.reporting import Only, Report, Strict, destinations, end
from spacedock.console import ConsoleProgress
from spacedock.docks.conditions import Conditions
from spacedock.options import DOCK, EDGE, EGRESS, TIME_SCALE, TRUST
from spacedock.screen import screen


@app.command()
def check(
    path: Place = Path(),
    dock: DockOption = DOCK.default,
    trust: TrustOption = False,
    promise: Only = None,
    strict: Strict = False,
    report: Report = None,
    egress: EgressOption = EGRESS.default,
    edge: EdgeOption = EDGE.default,
    time_scale: ScaleOption = TIME_SCALE.default,
    verbose: Verbose = False,
) -> None:
    """Hold the Space to its contract, and say what broke, why it would break there, and what mends it."""
    from spacedock.cli.telling import Telling
    from spacedock.contract.registry import chosen
    from spacedock.verdict.hold import hold

    reports, promises = destinations(report), chosen(promise or ())
    conditions = Conditions(egress, edge, time_scale)
    with ConsoleProgress(screen(stderr=True), verbose=verbose) as progress:
        telling = Telling(screen(), progress, len(promises))
        trusted = TRUST.given(trust)
        verdict = hold(path, dock, promises, progress, conditions, trusted=trusted, listen=telling)
    end(verdict, reports, strict=strict)
