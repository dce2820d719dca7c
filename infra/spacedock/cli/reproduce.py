"""`spacedock reproduce`: list the failures, or bring one about before the reader's eyes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from spacedock.cli.app import app
from spacedock.cli.attach import attach
from spacedock.cli.options import DockOption, Verbose
from spacedock.console import ConsoleProgress
from spacedock.contract.base import Finding, Outcome
from spacedock.errors import UsageError
from spacedock.failures.base import Failure, Group
from spacedock.failures.catalogue import all_failures, filtered, find
from spacedock.options import DockName
from spacedock.verdict.terminal import headline, problem_lines

_KEPT, _BROKEN = 0, 1
_LOG_LINES = 40

Name = Annotated[
    str,
    typer.Argument(
        help="The failure, or a word to list those by; all are listed without.", show_default=False
    ),
]
Fixed = Annotated[bool, typer.Option("--fixed", help="Run the mended twin beside it, which holds.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave it running, to look into, until Ctrl-C.")]
Here = Annotated[
    Path | None,
    typer.Option(
        "--here", help="Bring the same condition to the Space at this path instead.", show_default=False
    ),
]


@app.command()
def reproduce(
    name: Name = "",
    fixed: Fixed = False,
    keep: Keep = False,
    here: Here = None,
    dock: DockOption = DockName.image,
    verbose: Verbose = False,
) -> None:
    """List the known failures, or bring one about: its log, what Hugging Face shows, what mends it."""
    console = Console(highlight=False)
    if name not in {failure.name for failure in all_failures()}:
        _list(console, _found(name))
        return
    failure = find(name)
    if here is not None:
        from spacedock.cli.inject import bring

        raise typer.Exit(bring(console, failure, here, dock, keep=keep, verbose=verbose))
    if failure.specimen is None:
        raise UsageError(
            f"{name} cannot be brought about: {failure.not_here}",
            remedy=f"read docs/failures/{name}.md, or `spacedock reproduce` for the others",
        )
    _introduce(console, failure)
    as_it_should = _stage(console, failure, dock, keep=keep and not fixed, verbose=verbose)
    _show_mending(console, failure)
    if fixed:
        as_it_should &= _stage(console, failure, dock, mended=True, keep=keep, verbose=verbose)
    raise typer.Exit(_KEPT if as_it_should else _BROKEN)


def _found(word: str) -> tuple[Failure, ...]:
    """Return the failures that a word occurs in. Raises UsageError where there is none."""
    found = filtered(word)
    if not found:
        find(word)  # says what is near
    return found


def _list(console: Console, failures: Iterable[Failure]) -> None:
    """List them by group, and within it by name."""
    order = list(Group)
    ordered = sorted(failures, key=lambda failure: (order.index(failure.group), failure.name))
    for group, members in groupby(ordered, key=lambda failure: failure.group):
        console.print(Text(group, style="bold"))
        for failure in members:
            mark = " " if failure.specimen else "-"
            line = Text(f"{mark} {failure.name:<36} {failure.layer:<7} {failure.title}")
            console.print(line, soft_wrap=True, style="" if failure.specimen else "dim")
    if any(failure.specimen is None for failure in ordered):
        console.print(Text("- cannot be had here: docs/failures/ says why", style="dim"))


def _introduce(console: Console, failure: Failure) -> None:
    console.print(Text(f"{failure.name}  {failure.title}", style="bold"), soft_wrap=True)
    console.print(Text(" ".join(failure.cause.split())), soft_wrap=True)
    console.print()


def _stage(
    console: Console, failure: Failure, dock: DockName, *, mended: bool = False, keep: bool, verbose: bool
) -> bool:
    """Bring the specimen or its twin about and show it. Return whether it came out as the catalogue says."""
    from spacedock.contract.examine import chosen
    from spacedock.failures.scene import booted

    what = "the mended twin" if mended else "the specimen"
    with (
        ConsoleProgress(Console(stderr=True), verbose=verbose) as progress,
        booted(failure, dock, progress, mended=mended) as scene,
    ):
        account = scene.held_to(chosen(failure.breaks), progress)
        console.print(Text(f"== {what} says", style="bold"))
        for where, text in account.said:
            if text:
                _show_said(console, where, text)
        console.print(Text("== the contract says", style="bold"))
        for finding in account.findings:
            _show_finding(console, finding)
        console.print()
        instance = scene.deployed() if keep else None
        if scene.instances is not None and instance is not None and instance.alive():
            attach(console, instance, scene.instances.dock.canaries)
    broken = {finding.promise.id for finding in account.broken}
    return broken == (set() if mended else set(failure.breaks))


def _show_said(console: Console, where: str, text: str) -> None:
    lines = text.rstrip().splitlines()
    left_out = len(lines) - _LOG_LINES
    console.print(Text(f"{where}", style="cyan"))
    if left_out > 0:
        console.print(Text(f"  | ({left_out} lines before)", style="dim"))
    for line in lines[-_LOG_LINES:]:
        console.print(Text(f"  | {line}"), soft_wrap=True)


def _show_finding(console: Console, finding: Finding) -> None:
    if finding.outcome is Outcome.BLOCKED:
        console.print(Text(f"! {finding.promise.id}  blocked: {finding.detail}"), soft_wrap=True)
        return
    console.print(headline(finding), soft_wrap=True)
    for problem in finding.problems:
        for line in problem_lines(problem):
            if line.startswith("last lines"):
                break  # they stand above
            console.print(Text(f"    {line}"), soft_wrap=True)


def _show_mending(console: Console, failure: Failure) -> None:
    from spacedock.failures.specimen import mending

    console.print(Text("== what mends it", style="bold"))
    console.print(Text(" ".join(failure.remedy.split())), soft_wrap=True)
    with TemporaryDirectory() as scratch:
        difference = mending(failure, Path(scratch))
    if console.is_terminal:
        console.print(Syntax(difference, "diff", background_color="default", word_wrap=True))
    else:  # somebody may apply it: its lines stay whole
        console.print(Text(difference), soft_wrap=True)
