"""`spacedock check`: hold a Space to its contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from spacedock.cli.app import app
from spacedock.cli.options import DockOption, EdgeOption, EgressOption, Place, ScaleOption, Verbose
from spacedock.console import ConsoleProgress
from spacedock.docks.conditions import Conditions
from spacedock.errors import UsageError
from spacedock.options import DOCK, EDGE, EGRESS, TIME_SCALE
from spacedock.verdict.formats import formats

if TYPE_CHECKING:
    from spacedock.verdict.model import Verdict


@app.command()
def check(
    path: Place = Path(),
    dock: DockOption = DOCK.default,
    promise: Annotated[list[str] | None, typer.Option(help="Only this promise; may be repeated.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Count a broken `should` as broken.")] = False,
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMAT=FILE", help="Write the verdict to a file as well: junit=FILE."),
    ] = None,
    egress: EgressOption = EGRESS.default,
    edge: EdgeOption = EDGE.default,
    time_scale: ScaleOption = TIME_SCALE.default,
    verbose: Verbose = False,
) -> None:
    """Hold the Space to its contract, and say what broke, why it would break there, and what mends it."""
    from spacedock.contract.examine import chosen
    from spacedock.verdict.hold import hold
    from spacedock.verdict.terminal import show

    reports = [_report(wish) for wish in report or ()]
    promises, conditions = chosen(promise or ()), Conditions(egress, edge, time_scale)
    with ConsoleProgress(Console(stderr=True), verbose=verbose) as progress:
        verdict = hold(path, dock, promises, progress, conditions)
    console = Console()
    show(console, verdict)
    for name in _likely(verdict):
        console.print(
            f"its log looks like {name}: `spacedock reproduce {name}`", highlight=False, soft_wrap=True
        )
    for kind, file in reports:
        file.write_text(formats()[kind](verdict, strict=strict), encoding="utf-8")
    raise typer.Exit(verdict.exit_code(strict=strict))


def _likely(verdict: Verdict) -> Iterator[str]:
    """Yield the failure that the logs below what is broken or blocked show best, where they show one."""
    from spacedock.failures.catalogue import all_failures
    from spacedock.failures.diagnosis import diagnose

    logs = [problem.log for finding in verdict.findings for problem in finding.problems]
    logs += [finding.log for finding in verdict.findings]
    for diagnosis in diagnose("\n".join(dict.fromkeys(filter(None, logs))), all_failures())[:1]:
        yield diagnosis.failure.name


def _report(wish: str) -> tuple[str, Path]:
    """Return format and file of `--report FORMAT=FILE`."""
    kind, _, file = wish.partition("=")
    if kind not in formats() or not file:
        raise UsageError(
            f"`--report {wish}` is not FORMAT=FILE",
            remedy=f"formats: {', '.join(formats())}; e.g. junit=gate.xml",
        )
    return kind, Path(file)
