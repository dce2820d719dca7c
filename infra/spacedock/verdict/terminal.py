"""The verdict as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from spacedock.contract.base import Finding, Level, Outcome, Problem
from spacedock.verdict.model import Verdict

_MARKS = {
    Outcome.KEPT: ("✓", "green"),
    Outcome.BROKEN: ("✗", "bold red"),
    Outcome.BLOCKED: ("!", "bold red"),
    Outcome.NOT_PROVEN: ("-", "yellow"),
    Outcome.NOT_ASKED: ("-", "dim"),
    Outcome.WAIVED: ("~", "yellow"),
}


def show(console: Console, verdict: Verdict) -> None:
    """Print header, findings with their problems, and the closing line."""
    console.print(Text(f"{verdict.space} in the {verdict.dock} dock", style="bold"))
    for line in verdict.header:
        console.print(Text(f"  {line}", style="dim"))
    console.print()
    for finding in verdict.findings:
        console.print(render(finding))
    console.print()
    console.print(Text(closing_line(verdict), style="bold"))


def render(finding: Finding) -> RenderableType:
    """Return one finding as a line, with its problems below it."""
    mark, style = _MARKS[finding.outcome]
    if finding.outcome is Outcome.BROKEN and finding.promise.level is Level.SHOULD:
        mark, style = "!", "yellow"
    head = Text.assemble((f"{mark} ", style), (finding.promise.id, "bold"), f"  {finding.promise.title}")
    if finding.outcome is not Outcome.KEPT:
        head.append(f"  ({finding.outcome})", style=style)
    parts: list[RenderableType] = [head]
    if finding.detail:
        parts.append(Padding(Text(finding.detail, style="dim"), (0, 0, 0, 4)))
    parts += [Padding(Text("\n".join(problem_lines(problem))), (0, 0, 0, 4)) for problem in finding.problems]
    return Group(*parts)


def problem_lines(problem: Problem) -> Iterator[str]:
    """Yield the four parts of a problem, and the log below them."""
    yield f"seen:    {problem.seen}"
    yield f"there:   {problem.consequence}"
    yield f"remedy:  {problem.remedy}"
    yield f"source:  {problem.source}"
    if problem.log:
        yield "last lines of its log:"
        yield from (f"  | {line}" for line in problem.log.splitlines())


def closing_line(verdict: Verdict) -> str:
    """Return the counts in words, and the digest that they hold for."""
    counts = verdict.counts()
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    return f"{said} in {verdict.seconds:.1f} s, Space {verdict.digest[:12]}"
