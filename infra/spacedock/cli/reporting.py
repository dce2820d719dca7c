"""What `check` and `lint` have in common: which promises, where a verdict goes, and how the command ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from spacedock.contract.finding import Outcome
from spacedock.errors import UsageError
from spacedock.screen import screen
from spacedock.verdict.formats import formats
from spacedock.writing import require_writable, write

if TYPE_CHECKING:
    from spacedock.verdict.model import Verdict

Only = Annotated[list[str] | None, typer.Option("--promise", help="Only this promise; may be repeated.")]
Strict = Annotated[bool, typer.Option("--strict", help="Count a broken `should` as broken.")]
Report = Annotated[
    list[str] | None,
    typer.Option("--report", metavar="FORMAT=FILE", help="Write the verdict to a file as well: junit=FILE."),
]


def destinations(wishes: list[str] | None) -> tuple[tuple[str, Path], ...]:
    """Return format and file of each `--report FORMAT=FILE`.

    Raises UsageError for what is none, and for a file that cannot be written, or is somebody else's.
    """
    return tuple(_destination(wish) for wish in wishes or ())


def end(verdict: Verdict, reports: tuple[tuple[str, Path], ...], *, strict: bool) -> NoReturn:
    """Show the verdict, write it where it is wanted, and end the command with its exit code."""
    from spacedock.verdict.terminal import show

    console = screen()
    show(console, verdict)
    for name in _likely(verdict):
        told = f"its log looks like {name}: `spacedock reproduce {name}`"
        console.print(told, highlight=False, soft_wrap=True)
    for kind, file in reports:
        form = formats()[kind]
        write(file, form.write(verdict, strict=strict), form.is_ours)
    raise typer.Exit(verdict.exit_code(strict=strict))


def _likely(verdict: Verdict) -> Iterator[str]:
    """Yield the failure that a log shows best, of those that break the promise it stands below.

    Where none is broken it is the log of what kept the rest from being looked at.
    """
    from spacedock.failures.catalogue import all_failures
    from spacedock.failures.diagnosis import diagnose

    broken = [finding for finding in verdict.findings if finding.outcome is Outcome.BROKEN]
    for finding in broken or verdict.findings:
        log = "\n".join(dict.fromkeys(filter(None, (*(each.log for each in finding.problems), finding.log))))
        for diagnosis in diagnose(log, all_failures(), ended=True) if log else ():
            if not broken or finding.promise.id in diagnosis.failure.breaks:
                yield diagnosis.failure.name
                return


def _destination(wish: str) -> tuple[str, Path]:
    kind, _, file = wish.partition("=")
    if kind not in formats() or not file:
        raise UsageError(
            f"`--report {wish}` is not FORMAT=FILE",
            remedy=f"formats: {', '.join(formats())}; e.g. junit=gate.xml",
        )
    require_writable(Path(file), formats()[kind].is_ours)
    return kind, Path(file)
