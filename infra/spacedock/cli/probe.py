"""`spacedock probe`: what a Space sees in the dock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from spacedock import platform
from spacedock.cli.app import app
from spacedock.cli.options import DockOption, EdgeOption, EgressOption, Verbose
from spacedock.console import ConsoleProgress
from spacedock.docks.conditions import Conditions
from spacedock.options import DOCK, EDGE, EGRESS, DockName
from spacedock.probe.compare import shown
from spacedock.probe.fields import FIELDS, Report, flat
from spacedock.probe.settle import verdicts
from spacedock.screen import screen
from spacedock.writing import require_writable

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there, as JSON.")
]


@app.command()
def probe(
    dock: DockOption = DOCK.default,
    egress: EgressOption = EGRESS.default,
    edge: EdgeOption = EDGE.default,
    output: Output = None,
    verbose: Verbose = False,
) -> None:
    """Run the probe in the dock, and print what a Space sees there."""
    from spacedock.probe.recording import is_recording, write

    if output:
        require_writable(output, is_recording)
    report = probed(dock, Conditions(egress, edge), verbose=verbose)
    if output:
        write(report, output)
    show(screen(), report)


def probed(dock: DockName, conditions: Conditions, *, verbose: bool) -> dict[str, Any]:
    """Return the report of the probe in a dock of its own."""
    from spacedock.docks.choose import choose
    from spacedock.probe.run import probe_space, record
    from spacedock.runs import open_run

    with (
        open_run() as run,
        ConsoleProgress(screen(stderr=True), verbose=verbose) as progress,
        choose(dock, probe_space(run.folder), run, progress, conditions, trusted=True) as opened,  # ours
    ):
        return record(opened, progress, grace=platform.STOP_GRACE_SECONDS.value)


def show(console: Console, report: Report) -> None:
    """Print each field with its value, and then how the facts come out."""
    from spacedock.probe.recording import summary

    seen = flat(report)
    for field in FIELDS:
        console.print(Text.assemble((field.name, "bold"), (f"  {field.tells}", "dim")), soft_wrap=True)
        lines = [(name, value) for name, value in seen.items() if name.split(".")[0] == field.name]
        for name, value in lines or [(field.name, "this dock cannot show it")]:
            label = name.removeprefix(f"{field.name}.") if name != field.name else ""
            console.print(Text(f"    {label:<24} {shown(value)}"), soft_wrap=True)
    console.print(Text("facts", style="bold"))
    for name, held in verdicts(report):
        mark, style = ("holds", "green") if held else ("does not hold", "yellow")
        line = Text.assemble(
            f"    {name:<24} ", (mark, style), (f"  {platform.all_facts()[name].title}", "dim")
        )
        console.print(line, soft_wrap=True)
    console.print(Text(summary(), style="bold"))
