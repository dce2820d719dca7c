"""`spacedock parity`: the dock beside the platform, as the probe saw both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from spacedock.cli.app import app
from spacedock.cli.options import DockOption, EdgeOption, EgressOption, Verbose
from spacedock.cli.probe import Output, probed
from spacedock.docks.conditions import Conditions
from spacedock.errors import UsageError
from spacedock.options import DOCK, EDGE, EGRESS
from spacedock.probe.compare import Agreement, Compared, compare
from spacedock.screen import screen

_STYLES = {Agreement.AGREE: "green", Agreement.DIFFER: "bold red", Agreement.UNKNOWN: "dim"}


@app.command()
def parity(
    recording: Annotated[
        str,
        typer.Argument(
            metavar="[URL|FILE]",
            help="The address of a probe on the platform, or its report in a file; default: the recordings "
            "that came with spacedock.",
            show_default=False,
        ),
    ] = "",
    dock: DockOption = DOCK.default,
    egress: EgressOption = EGRESS.default,
    edge: EdgeOption = EDGE.default,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The run log of the probe after a restart: it tells the grace."),
    ] = None,
    output: Output = None,
    verbose: Verbose = False,
) -> None:
    """Compare what the probe sees on Hugging Face with what it sees in the dock, field by field."""
    from spacedock.probe.recording import HOW, brought, read, summary, write
    from spacedock.verdict.model import BROKEN, KEPT, NOTHING_PROVEN

    console = screen()
    reports = [(recording, _with_grace(read(recording), log))] if recording else list(brought())
    if output and not recording:
        raise UsageError("there is nothing to write", remedy="name the address of a probe on the platform")
    if output:
        write(reports[0][1], output)
    if not reports:
        console.print(Text(f"{summary()}; {HOW}"), soft_wrap=True)
        raise typer.Exit(NOTHING_PROVEN)
    here = probed(dock, Conditions(egress, edge), verbose=verbose)
    counts = Counter[Agreement]()
    for name, there in reports:
        compared = compare(there, here)
        _show(console, f"{name}, and {here['probe']['place']}", compared)
        counts.update(each.answer for each in compared)
    console.print(Text(summary(), style="bold"))
    if counts[Agreement.DIFFER]:
        raise typer.Exit(BROKEN)
    raise typer.Exit(KEPT if counts[Agreement.AGREE] else NOTHING_PROVEN)


def _with_grace(report: dict[str, Any], log: Path | None) -> dict[str, Any]:
    """Return the report with the seconds of grace that a log tells. Raises UsageError where it tells none."""
    from spacedock.probe.recording import HOW, grace_in

    if log is None:
        return report
    try:
        grace = grace_in(log.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}", path=log, remedy=HOW) from None
    if grace is None:
        raise UsageError(
            "no line of it says `probe: N s since SIGTERM`",
            path=log,
            remedy="restart the Space, and save its run log while the old container is being stopped",
        )
    return {**report, "grace": grace}


def _show(console: Console, title: str, compared: tuple[Compared, ...]) -> None:
    console.print(Text(title, style="bold"), soft_wrap=True)
    for answer, field, words, facts in _lines(compared):
        line = Text.assemble((f"  {answer:<8}", _STYLES[answer]), f"{field}: {words}")
        line.append(f"  [{', '.join(facts)}]" if facts else "", style="dim")
        console.print(line, soft_wrap=True)
    counts = Counter(each.answer for each in compared)
    said = ", ".join(f"{counts[answer]} {answer}" for answer in Agreement)
    console.print(Text(f"{said} of {len(compared)} fields"), soft_wrap=True)


def _lines(compared: tuple[Compared, ...]) -> Iterator[tuple[Agreement, str, str, tuple[str, ...]]]:
    """Yield answer, field, words and facts; the parts of a field of which nothing is known are one line."""
    for name, group in groupby(compared, lambda each: each.field.partition(".")[0]):
        parts = tuple(group)
        if len(parts) > 1 and all(each.answer is Agreement.UNKNOWN for each in parts):
            facts = dict.fromkeys(fact for each in parts for fact in each.facts)
            silent = "the recording" if parts[0].there is None else "this dock"
            yield Agreement.UNKNOWN, name, f"{silent} does not say ({len(parts)} fields)", tuple(facts)
        else:
            yield from ((each.answer, each.field, each.words, each.facts) for each in parts)
