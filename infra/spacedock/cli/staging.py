"""A failure before the reader's eyes: its cause, what it says, what the contract says, what mends it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from spacedock.cli.attach import attach
from spacedock.console import ConsoleProgress
from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.registry import chosen
from spacedock.failures.base import Failure
from spacedock.failures.scene import staged
from spacedock.failures.specimen import mending
from spacedock.options import DockName
from spacedock.screen import screen
from spacedock.verdict.terminal import headline, problem_lines

_LOG_LINES = 40
_UNTOLD = frozenset({Outcome.BLOCKED, Outcome.ERROR})  # nothing is said of the Space


def introduce(console: Console, failure: Failure) -> None:
    """Say what it is and why."""
    console.print(Text(f"{failure.name}  {failure.title}", style="bold"), soft_wrap=True)
    console.print(Text(" ".join(failure.cause.split())), soft_wrap=True)
    console.print()


def stage(
    console: Console, failure: Failure, dock: DockName, *, mended: bool = False, keep: bool, verbose: bool
) -> bool:
    """Bring the specimen or its twin about and show it. Return whether it came out as the catalogue says."""
    what = "the mended twin" if mended else "the specimen"
    with (
        ConsoleProgress(screen(stderr=True), verbose=verbose) as progress,
        staged(failure, dock, progress, mended=mended) as scene,
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
        if instance is not None and instance.alive():
            attach(console, instance, scene.canaries)
    if mended:
        return not account.broken and not any(found.outcome in _UNTOLD for found in account.findings)
    return {finding.promise.id for finding in account.broken} == set(failure.breaks)


def _show_said(console: Console, where: str, text: str) -> None:
    lines = text.rstrip().splitlines()
    left_out = len(lines) - _LOG_LINES
    console.print(Text(f"{where}", style="cyan"))
    if left_out > 0:
        console.print(Text(f"  | ({left_out} lines before)", style="dim"))
    for line in lines[-_LOG_LINES:]:
        console.print(Text(f"  | {line}"), soft_wrap=True)


def _show_finding(console: Console, finding: Finding) -> None:
    if finding.outcome in _UNTOLD:
        told = f"! {finding.promise.id}  {finding.outcome}: {finding.detail}"
        console.print(Text(told), soft_wrap=True)
        return
    console.print(headline(finding), soft_wrap=True)
    for problem in finding.problems:
        for line in problem_lines(problem):
            if line.startswith("last lines"):
                break  # they stand above
            console.print(Text(f"    {line}"), soft_wrap=True)


def show_mending(console: Console, failure: Failure) -> None:
    """Show what the mended twin has else."""
    console.print(Text("== what mends it", style="bold"))
    console.print(Text(" ".join(failure.remedy.split())), soft_wrap=True)
    with TemporaryDirectory() as scratch:
        difference = mending(failure, Path(scratch))
    if console.is_terminal:
        console.print(Syntax(difference, "diff", background_color="default", word_wrap=True))
    else:  # somebody may apply it: its lines stay whole
        console.print(Text(difference), soft_wrap=True)
