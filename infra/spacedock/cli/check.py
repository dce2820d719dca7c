"""`spacedock check`: hold a Space to its contract."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from spacedock.cli.app import app
from spacedock.cli.options import (
    THIRTIETH,
    DockName,
    DockOption,
    EdgeOption,
    EgressOption,
    Place,
    ScaleOption,
    Verbose,
)
from spacedock.console import ConsoleProgress
from spacedock.contract.base import Promise
from spacedock.contract.berths import Berths
from spacedock.contract.examine import chosen, examine, start_ahead
from spacedock.contract.noticed import noticed
from spacedock.docks.base import Conditions, Egress
from spacedock.edge.base import Manner
from spacedock.errors import UsageError
from spacedock.space import read_space
from spacedock.verdict.formats import formats
from spacedock.verdict.model import Verdict, digest
from spacedock.verdict.terminal import show


@app.command()
def check(
    path: Place = Path(),
    dock: DockOption = DockName.auto,
    promise: Annotated[list[str] | None, typer.Option(help="Only this promise; may be repeated.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Count a broken `should` as broken.")] = False,
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMAT=FILE", help="Write the verdict to a file as well: junit=FILE."),
    ] = None,
    egress: EgressOption = Egress.OBSERVED,
    edge: EdgeOption = Manner.OBSERVED,
    time_scale: ScaleOption = THIRTIETH,
    verbose: Verbose = False,
) -> None:
    """Hold the Space to its contract, and say what broke, why it would break there, and what mends it."""
    reports = [_report(wish) for wish in report or ()]
    verdict = _verdict(
        path, dock, chosen(promise or ()), Conditions(egress, edge, time_scale), verbose=verbose
    )
    show(Console(), verdict)
    for kind, file in reports:
        file.write_text(formats()[kind](verdict, strict=strict), encoding="utf-8")
    raise typer.Exit(verdict.exit_code(strict=strict))


def _verdict(
    path: Path, dock: DockName, promises: tuple[Promise, ...], conditions: Conditions, *, verbose: bool
) -> Verdict:
    """Read, build, board and examine."""
    from spacedock.docks.choose import choose
    from spacedock.runs import open_run

    started = time.monotonic()
    space = read_space(path)
    content = digest(space)
    with (
        open_run() as run,
        ConsoleProgress(Console(stderr=True), verbose=verbose) as progress,
        choose(dock, space, run, progress, conditions) as opened,
        Berths(opened) as berths,
    ):
        start_ahead(promises, space, berths)
        findings = []
        for promise in promises:
            with progress(f"checking {promise.id}"):
                findings.append(examine(promise, space, berths))
        header, name, seen = opened.header, opened.name, noticed(space, berths)
    return Verdict(
        space.manifest.space.id, content, name, header, tuple(findings), time.monotonic() - started, seen
    )


def _report(wish: str) -> tuple[str, Path]:
    """Return format and file of `--report FORMAT=FILE`."""
    kind, _, file = wish.partition("=")
    if kind not in formats() or not file:
        raise UsageError(
            f"`--report {wish}` is not FORMAT=FILE",
            remedy=f"formats: {', '.join(formats())}; e.g. junit=gate.xml",
        )
    return kind, Path(file)
