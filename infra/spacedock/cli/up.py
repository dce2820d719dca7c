"""`spacedock up`: boot a Space with all its services and look around."""

from __future__ import annotations

import shlex
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from spacedock.cli.app import app
from spacedock.cli.options import THIRTIETH, DockName, DockOption, EgressOption, Place, ScaleOption, Verbose
from spacedock.console import ConsoleProgress
from spacedock.contract.base import AS_DEPLOYED
from spacedock.contract.examine import redact
from spacedock.docks.base import Conditions, Egress, Execution
from spacedock.errors import BootError
from spacedock.space import read_space

RunFirst = Annotated[
    str,
    typer.Option(
        "--run", metavar="COMMAND", help="Run this where the Space runs, once it is up.", show_default=False
    ),
]


@app.command()
def up(
    path: Place = Path(),
    dock: DockOption = DockName.auto,
    run_first: RunFirst = "",
    egress: EgressOption = Egress.OBSERVED,
    time_scale: ScaleOption = THIRTIETH,
    verbose: Verbose = False,
) -> None:
    """Boot the Space with all its services and show its log until Ctrl-C."""
    from spacedock.docks.choose import choose
    from spacedock.runs import open_run

    space = read_space(path)
    conditions = Conditions(egress, time_scale=time_scale)
    console = Console(markup=False, highlight=False)
    with suppress(KeyboardInterrupt), open_run() as run, ExitStack() as stack:
        with ConsoleProgress(Console(stderr=True), verbose=verbose) as progress:
            opened = stack.enter_context(choose(dock, space, run, progress, conditions))
            with progress("booting the Space"):
                berth = stack.enter_context(closing(opened.board(AS_DEPLOYED)))
            if run_first and berth.boot.ready:
                with progress(f"running {run_first}"):
                    ended = berth.execute(*shlex.split(run_first))
                console.print(redact(ended.output.rstrip(), opened.canaries), soft_wrap=True)
                _require_success(run_first, ended)
        for line in opened.header:
            console.print(line, style="dim")
        console.print(f"{space.manifest.space.id} {berth.boot}", style="bold")
        console.print(f"{berth.url}  (Ctrl-C ends it)")
        for line in berth.follow():
            console.print(redact(line, opened.canaries), soft_wrap=True)  # a line of its log is one here too
        raise BootError(f"the Space {berth.boot}", remedy="read its log above")
    console.print("ended")


def _require_success(command: str, ended: Execution) -> None:
    if ended.exit_code:
        raise BootError(
            f"`{command}` ended with code {ended.exit_code}", remedy="mend what it says above, and try again"
        )
