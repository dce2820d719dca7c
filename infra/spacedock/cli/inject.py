"""`spacedock reproduce NAME --here`: the condition of a failure, brought to one's own Space."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from spacedock.cli.attach import attach
from spacedock.console import ConsoleProgress
from spacedock.contract.examine import examine
from spacedock.contract.finding import Outcome, redact
from spacedock.contract.instances import Instances
from spacedock.contract.promise import tail
from spacedock.contract.registry import chosen
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.conditions import AS_OBSERVED
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import Usage
from spacedock.docks.life import Stage, state_of
from spacedock.errors import UsageError
from spacedock.failures.base import Condition, Failure
from spacedock.failures.inject import Meeting, meetings, with_less
from spacedock.options import DockName
from spacedock.progress import Progress
from spacedock.space import Space, read_space
from spacedock.verdict.model import is_red
from spacedock.verdict.terminal import headline, problem_lines


def bring(
    console: Console, failure: Failure, path: Path, dock_name: DockName, *, keep: bool, verbose: bool
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
    with ConsoleProgress(Console(stderr=True), verbose=verbose) as progress, open_run() as run:
        space = with_less(failure.inject, space, _used(failure.inject, space, dock_name, progress))
        with choose(dock_name, space, run, progress, conditions) as dock, Instances(dock) as instances:
            console.print(Text(f"{space.manifest.space.id}: {failure.inject.prose}", style="bold"))
            for meeting in meetings(failure.inject, space, instances):
                _show(console, meeting, dock, asleep=failure.inject is Condition.ASLEEP)
                if keep and meeting.instance.alive():
                    attach(console, meeting.instance, dock.canaries)
            return _hold(console, failure, space, instances, progress)


def _used(condition: Condition, space: Space, dock_name: DockName, progress: Progress) -> Usage:
    """Return what the Space uses when nothing is short; nothing where the condition does not ask."""
    from spacedock.docks.choose import choose
    from spacedock.runs import open_run

    if condition not in {Condition.LITTLE_MEMORY, Condition.LITTLE_DISK}:
        return Usage()
    with (
        open_run() as run,
        choose(dock_name, space, run, progress) as dock,
        progress("looking what it uses"),
        Instances(dock) as instances,
    ):
        return instances.ready(AS_DEPLOYED).usage()


def _show(console: Console, meeting: Meeting, dock: OpenDock, *, asleep: bool) -> None:
    """Show what happened to one instance: its log's end, its answers, what Hugging Face would show."""
    console.print(Text(f"== {meeting.how}", style="bold"))
    for line in redact(tail(meeting.instance.logs()), dock.canaries).splitlines():
        console.print(Text(f"  | {line}"), soft_wrap=True)
    for answer in meeting.answers:
        console.print(Text(f"  {redact(answer, dock.canaries)}"), soft_wrap=True)
    state = state_of(meeting.instance, Stage.SLEEPING if asleep else None)
    console.print(Text(f"  Hugging Face would show {state}"), soft_wrap=True)


def _hold(console: Console, failure: Failure, space: Space, instances: Instances, progress: Progress) -> int:
    """Hold the Space to the promises that the failure breaks."""
    console.print(Text("== the contract says", style="bold"))
    red = 0
    for promise in chosen(failure.breaks):
        with progress(f"checking {promise.id}"):
            finding = examine(promise, space, instances)
        if finding.outcome is Outcome.BLOCKED:
            console.print(Text(f"! {promise.id}  blocked: {finding.detail}"), soft_wrap=True)
            red = 1
            continue
        console.print(headline(finding), soft_wrap=True)
        red |= is_red(finding, strict=True)
        for line in (line for problem in finding.problems for line in problem_lines(problem)):
            console.print(Text(f"    {line}"), soft_wrap=True)
    return red
