"""The verdict as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Level, Problem
from spacedock.verdict.model import Verdict

_MARKS = {
    Outcome.KEPT: ("✓", "green"),
    Outcome.BROKEN: ("✗", "bold red"),
    Outcome.NOT_PROVEN: ("-", "yellow"),
    Outcome.NOT_ASKED: ("-", "dim"),
    Outcome.WAIVED: ("~", "yellow"),
}


def show(console: Console, verdict: Verdict) -> None:
    """Print header, what is broken, the other findings, and the closing line. No line of a log is broken."""
    where = f"in the {verdict.dock} dock" if verdict.dock else "is no Docker Space"
    console.print(Text(f"{verdict.space} {where}", style="bold"), soft_wrap=True)
    for line in verdict.header:
        console.print(Text(f"  {line}", style="dim"), soft_wrap=True)
    console.print()
    for finding in sorted(verdict.findings, key=lambda finding: finding.outcome is not Outcome.BROKEN):
        if finding.outcome is not Outcome.BLOCKED:
            console.print(headline(finding), soft_wrap=True)
            _indented(console, _below(finding))
    _show_blocked(console, verdict)
    if verdict.observations:
        console.print(Text("observations", style="bold"))
        _indented(console, verdict.observations)
    console.print()
    console.print(Text(closing_line(verdict), style="bold"))


def headline(finding: Finding) -> Text:
    """Return a finding's mark, name and title."""
    mark, style = _MARKS[finding.outcome]
    if finding.outcome is Outcome.BROKEN and finding.promise.level is Level.SHOULD:
        mark, style = "!", "yellow"
    line = Text.assemble((f"{mark} ", style), (finding.promise.id, "bold"), f"  {finding.promise.title}")
    if finding.outcome is not Outcome.KEPT:
        line.append(f"  ({finding.outcome})", style=style)
    return line


def problem_lines(problem: Problem) -> Iterator[str]:
    """Yield the four parts of a problem, and the log below them."""
    yield f"seen:    {problem.seen}"
    yield f"there:   {problem.consequence}"
    yield f"remedy:  {problem.remedy}"
    yield f"source:  {problem.source}"
    yield from log_lines(problem.log)


def log_lines(log: str) -> Iterator[str]:
    """Yield the last lines of an instance, marked as such."""
    if log:
        yield "last lines of its log:"
        yield from (f"  | {line}" for line in log.splitlines())


def closing_line(verdict: Verdict) -> str:
    """Return the counts in words, and the digest that they hold for."""
    counts = verdict.counts()
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    digest = f", Space {verdict.digest[:12]}" if verdict.digest else ""
    return f"{said} in {verdict.seconds:.1f} s{digest}"


def _below(finding: Finding) -> Iterator[str]:
    if finding.detail:
        yield finding.detail
    for problem in finding.problems:
        yield from problem_lines(problem)


def _show_blocked(console: Console, verdict: Verdict) -> None:
    """Name what could not be looked at; where nothing broken says why, show each failed boot once."""
    blocked = [finding for finding in verdict.findings if finding.outcome is Outcome.BLOCKED]
    if not blocked:
        return
    names = ", ".join(finding.promise.id for finding in blocked)
    console.print(Text(f"! blocked, as the Space did not come up: {names}", style="bold red"), soft_wrap=True)
    if verdict.counts()[Outcome.BROKEN]:
        _indented(console, ["mend what is broken above, and they will be looked at"])
        return
    for detail, log in dict.fromkeys((finding.detail, finding.log) for finding in blocked):
        _indented(console, [detail, *log_lines(log)])


def _indented(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(Text(f"    {line}"), soft_wrap=True)
