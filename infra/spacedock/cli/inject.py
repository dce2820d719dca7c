"""`spacedock reproduce NAME --here`: the condition of a failure, brought to one's own Space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from spacedock.cli.attach import attach
from spacedock.console import ConsoleProgress
from spacedock.contract.finding import Finding, Outcome, redact
from spacedock.contract.promise import tail
from spacedock.contract.registry import chosen
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.conditions import AS_OBSERVED
from spacedock.docks.instance import Usage
from spacedock.docks.life import Stage, state_of
from spacedock.errors import UsageError
from spacedock.failures.base import Condition, Failure
from spacedock.failures.inject import Meeting, meetings, with_less
from spacedock.options import DockName
from spacedock.progress import Progress
from spacedock.run.loop import Run
from spacedock.screen import screen
from spacedock.space import Space, read_space
from spacedock.verdict.terminal import headline, problem_lines

Canaries = Mapping[str, tuple[str, ...]]


def bring(
    console: Console,
    failure: Failure,
    path: Path,
    dock_name: DockName,
    *,
    trusted: bool,
    keep: bool,
    verbose: bool,
) -> int:
    """Bring the condition about and show how the Space takes it. Return 1 where it breaks the promise."""
    from spacedock.docks.choose import choose
    from spacedock.runs import open_run

    if failure.inject is None:
        raise UsageError(
            f"{failure.name} is a fault of the Space itself: no condition brings it about in another",
            remedy=f"leave `--here` out, or `spacedock check` your Space: {', '.join(failure.breaks)}",
        )
    space = read_space(path)
    conditions = replace(AS_OBSERVED, egress=failure.specimen.egress) if failure.specimen else AS_OBSERVED
    with ConsoleProgress(screen(stderr=True), verbose=verbose) as progress, open_run() as opened:
        used = _used(failure.inject, space, dock_name, progress, trusted=trusted)
        space = with_less(failure.inject, space, used)
        dock = choose(dock_name, space, opened, progress, conditions, trusted=trusted)
        with Run(space, dock) as run:
            console.print(Text(f"{space.manifest.space.id}: {failure.inject.prose}", style="bold"))
            for meeting in meetings(failure.inject, run):
                canaries = run.dock.canaries if run.dock else {}
                _show(console, meeting, canaries, asleep=failure.inject is Condition.ASLEEP)
                if keep and meeting.instance.alive():
                    attach(console, meeting.instance, canaries)
            with progress("holding it to the contract"):
                findings = run.judge(chosen(failure.breaks))
        return _conclude(console, findings)


def _used(
    condition: Condition, space: Space, dock_name: DockName, progress: Progress, *, trusted: bool
) -> Usage:
    """Return what the Space uses when nothing is short; nothing where the condition does not ask."""
    from spacedock.docks.choose import choose
    from spacedock.runs import open_run

    if condition not in {Condition.LITTLE_MEMORY, Condition.LITTLE_DISK}:
        return Usage()
    with open_run() as opened, Run(space, choose(dock_name, space, opened, progress, trusted=trusted)) as run:
        run.enter()
        with progress("looking what it uses"):
            return run.gathering.ready(AS_DEPLOYED).usage()


def _show(console: Console, meeting: Meeting, canaries: Canaries, *, asleep: bool) -> None:
    """Show what happened to one instance: its log's end, its answers, what Hugging Face would show."""
    console.print(Text(f"== {meeting.how}", style="bold"))
    for line in redact(tail(meeting.instance.logs()), canaries).splitlines():
        console.print(Text(f"  | {line}"), soft_wrap=True)
    for answer in meeting.answers:
        console.print(Text(f"  {redact(answer, canaries)}"), soft_wrap=True)
    state = state_of(meeting.instance, Stage.SLEEPING if asleep else None)
    console.print(Text(f"  Hugging Face would show {state}"), soft_wrap=True)


def _conclude(console: Console, findings: Iterable[Finding]) -> int:
    """Show what the contract finds; return 1 where a promise is broken, or could not be looked at."""
    console.print(Text("== the contract says", style="bold"))
    red = 0
    for finding in findings:
        if finding.outcome in {Outcome.BLOCKED, Outcome.ERROR}:
            told = f"! {finding.promise.id}  {finding.outcome}: {finding.detail}"
            console.print(Text(told), soft_wrap=True)
            red = 1
            continue
        console.print(headline(finding), soft_wrap=True)
        red |= finding.is_red(strict=True)
        for line in (line for problem in finding.problems for line in problem_lines(problem)):
            console.print(Text(f"    {line}"), soft_wrap=True)
    return red
