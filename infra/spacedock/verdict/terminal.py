"""The verdict as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Console
from rich.text import Text

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Level, Problem
from spacedock.docks.capability import Capability
from spacedock.printable import printable
from spacedock.verdict.model import Verdict

_MARKS = {
    Outcome.KEPT: ("✓", "green"),
    Outcome.BROKEN: ("✗", "bold red"),
    Outcome.NOT_PROVEN: ("-", "yellow"),
    Outcome.NOT_ASKED: ("-", "dim"),
    Outcome.WAIVED: ("~", "yellow"),
    Outcome.ERROR: ("!", "bold red"),
    Outcome.BLOCKED: ("!", "bold red"),
}
MOST_OF_A_FINDING = 2000  # lines
_TOLD_APART = frozenset({Outcome.BLOCKED, Outcome.NOT_ASKED})


def show(console: Console, verdict: Verdict) -> None:
    """Print header, what is broken, the other findings, and the closing line. No line of a log is broken."""
    console.print(Text(f"{verdict.space} {_where(verdict)}", style="bold"), soft_wrap=True)
    for line in verdict.header:
        console.print(Text(f"  {line}", style="dim"), soft_wrap=True)
    console.print()
    for finding in sorted(verdict.findings, key=_rank):
        if finding.outcome not in _apart(verdict):
            show_finding(console, finding)
    _show_not_asked(console, verdict)
    _show_not_looked_at(console, verdict)
    _show_blocked(console, verdict)
    if verdict.observations:
        console.print(Text("observations", style="bold"))
        _indented(console, verdict.observations)
    console.print()
    console.print(Text(closing_line(verdict), style="bold"))


def show_finding(console: Console, finding: Finding) -> None:
    """Print one finding with all that is below it."""
    console.print(headline(finding), soft_wrap=True)
    _indented(console, printable("\n".join(_below(finding)), lines=MOST_OF_A_FINDING).splitlines())


def headline(finding: Finding) -> Text:
    """Return a finding's mark, name and title."""
    mark, style = _MARKS[finding.outcome]
    if finding.outcome is Outcome.BROKEN and finding.level is Level.SHOULD:
        mark, style = "!", "yellow"
    line = Text.assemble((f"{mark} ", style), (finding.promise.id, "bold"), f"  {finding.promise.title}")
    if finding.outcome is not Outcome.KEPT:
        line.append(f"  ({finding.outcome})", style=style)
    return line


def problem_lines(problem: Problem) -> Iterator[str]:
    """Yield the four parts of a problem, and the log below them."""
    yield from _lines(f"seen:    {problem.seen}")
    yield from _lines(f"there:   {problem.consequence}")
    yield from _lines(f"remedy:  {problem.remedy}")
    yield from _lines(f"source:  {problem.source}")
    yield from log_lines(problem.log)


def problems_text(finding: Finding) -> str:
    """Return all problems of a finding, an empty line between two."""
    text = "\n\n".join("\n".join(problem_lines(problem)) for problem in finding.problems)
    return printable(text, lines=MOST_OF_A_FINDING)


def log_lines(log: str) -> Iterator[str]:
    """Yield the last lines of an instance, marked as such."""
    if log:
        yield "last lines of its log:"
        yield from (f"  | {line}" for line in _lines(log))


def closing_line(verdict: Verdict) -> str:
    """Return the counts in words, and the digest that they hold for."""
    counts = verdict.counts()
    said = ", ".join(
        f"{counts[outcome]} {_named(outcome, verdict)}" for outcome in Outcome if counts[outcome]
    )
    digest = f", Space {verdict.digest[:12]}" if verdict.digest else ""
    return f"{said} in {verdict.seconds:.1f} s{digest}"


def _lines(text: str) -> list[str]:
    """Return the lines of a text of the Space's, as they may be shown."""
    return printable(text).splitlines()


def _named(outcome: Outcome, verdict: Verdict) -> str:
    """Return the outcome in words: what files alone cannot show was not looked at."""
    return "not looked at" if outcome is Outcome.NOT_PROVEN and not verdict.dock else str(outcome)


def _where(verdict: Verdict) -> str:
    if verdict.dock:
        return f"in the {verdict.dock} dock"
    return "by its files alone" if verdict.digest else "is no Docker Space"


def _rank(finding: Finding) -> int:
    """What is broken comes first, then what failed of ourselves."""
    order = (Outcome.BROKEN, Outcome.ERROR)
    return order.index(finding.outcome) if finding.outcome in order else len(order)


def _apart(verdict: Verdict) -> frozenset[Outcome]:
    """Return the outcomes that are told in a line together."""
    return _TOLD_APART if verdict.dock else _TOLD_APART | {Outcome.NOT_PROVEN}


def _below(finding: Finding) -> Iterator[str]:
    for problem in finding.problems:
        yield from problem_lines(problem)
    yield from _lines(finding.detail)
    yield from log_lines(finding.log)


def _show_not_asked(console: Console, verdict: Verdict) -> None:
    """Tell each that the manifest gives nothing to check; of files alone only how many there are."""
    found = [finding for finding in verdict.findings if finding.outcome is Outcome.NOT_ASKED]
    if verdict.dock:
        for finding in found:
            show_finding(console, finding)
    elif found:
        console.print(
            Text(f"- {len(found)} not asked: the manifest gives them nothing to check", style="dim")
        )


def _show_not_looked_at(console: Console, verdict: Verdict) -> None:
    number = verdict.counts()[Outcome.NOT_PROVEN]
    if number and not verdict.dock:
        told = f"- {number} not looked at: they want an image, a boot or a service (`spacedock check`)"
        console.print(Text(told, style="yellow"), soft_wrap=True)


def _show_blocked(console: Console, verdict: Verdict) -> None:
    """Name what could not be looked at, by what stands in the way."""
    found = [finding for finding in verdict.findings if finding.outcome is Outcome.BLOCKED]
    for blame, group in groupby(sorted(found, key=lambda each: each.blame), key=lambda each: each.blame):
        findings = list(group)
        names = ", ".join(each.promise.id for each in findings)
        why = f"by {blame}" if blame else "as the Space did not come up"
        console.print(Text(f"! blocked, {why}: {names}", style="bold red"), soft_wrap=True)
        _below_blocked(console, findings, told=_is_told(blame, verdict))


def _is_told(blame: str, verdict: Verdict) -> bool:
    """Whether what is broken says why: the one to blame, or one that has to do with boots."""
    broken = [finding.promise for finding in verdict.findings if finding.outcome is Outcome.BROKEN]
    return any(each.id == blame if blame else Capability.BOOT in each.needs for each in broken)


def _below_blocked(console: Console, findings: list[Finding], *, told: bool) -> None:
    """Where nothing that is broken says why, show each reason once."""
    if told:
        _indented(console, ["mend what is broken above, and they will be looked at"])
        return
    for detail, log in dict.fromkeys((finding.detail, finding.log) for finding in findings):
        _indented(console, [*_lines(detail), *log_lines(log)])


def _indented(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(Text(f"    {line}"), soft_wrap=True)
