"""`spacedock diagnose`: name the failures that a log shows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from spacedock.cli.app import app
from spacedock.errors import UsageError
from spacedock.screen import screen

if TYPE_CHECKING:
    from spacedock.failures.base import Failure
    from spacedock.failures.diagnosis import Diagnosis

_SHOWN = 3
_NOTHING = 3  # the exit code where nothing is recognised, as for a verdict in which nothing is proven

Log = Annotated[
    str,
    typer.Argument(help="A file with a build log, container log or browser console; - reads what is pasted."),
]


@app.command("diagnose")
def diagnose_log(
    log: Log,
    every: Annotated[bool, typer.Option("--all", help="Show all that it may be, not the likeliest.")] = False,
) -> None:
    """Name the failures that a Space's log or a browser's console shows, and what reproduces each."""
    from spacedock.failures.catalogue import all_failures
    from spacedock.failures.diagnosis import diagnose, hinted

    text = _read(log)
    failures = all_failures()
    found = diagnose(text, failures, ended=True)
    console = screen()
    if not found:
        _say_that_it_is_not_recognised(console, hinted(text, failures), len(failures))
        raise typer.Exit(_NOTHING)
    shown = found if every else found[:_SHOWN]
    for number, diagnosis in enumerate(shown, start=1):
        console.print(
            Text(f"{number}. {diagnosis.failure.name}  {diagnosis.failure.title}", style="bold"),
            soft_wrap=True,
        )
        for line in _below(diagnosis):
            console.print(Text(f"   {line}"), soft_wrap=True)
    if len(found) > len(shown):
        console.print(Text(f"{len(found) - len(shown)} less likely: `--all` shows them", style="dim"))


def _say_that_it_is_not_recognised(console: Console, hints: tuple[Diagnosis, ...], known_here: int) -> None:
    """Say what it may be, where it says something that several failures share."""
    if hints:
        told = "What it says does not tell by itself what has failed. It is seen where"
        console.print(Text(told, style="bold"), soft_wrap=True)
        for hint in hints:
            seen = hint.matches[0]
            console.print(Text(f"- {hint.failure.title} ({hint.failure.name})"), soft_wrap=True)
            console.print(Text(f"  line {seen.number}: {seen.line}"), soft_wrap=True)
        told = "The rest of the log tells them apart, the container's above all."
    else:
        told = (
            f"Nothing of it is known here: none of the catalogue's {known_here} failures says "
            "anything like it."
        )
    console.print(
        f"{told}\n`spacedock check` holds the Space itself to its contract; `spacedock reproduce` lists what "
        "is known.",
        soft_wrap=True,
    )


def _read(log: str) -> str:
    """Return the text of the log. Raises UsageError where there is none."""
    if log == "-":
        if sys.stdin.isatty():
            typer.echo("Paste the log, and end it with Ctrl-D.", err=True)
        return sys.stdin.buffer.read().decode(errors="replace")
    try:
        return Path(log).read_bytes().decode(errors="replace")
    except OSError as error:
        raise UsageError(
            f"it cannot be read: {error.strerror}", path=log, remedy="name a file, or - to paste it"
        ) from None


def _below(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what speaks for a failure, what it comes from, and what to do."""
    for match in diagnosis.matches:
        yield f"line {match.number}: {match.line}"
        told = " (reported; no specimen here says so)" if match.symptom.reported else ""
        yield f"  {match.symptom.why}{told}"
    yield from known(diagnosis.failure)


def known(failure: Failure) -> Iterator[str]:
    """Yield what is known of a failure: cause, remedy, promise, command."""
    yield f"cause:     {' '.join(failure.cause.split())}"
    yield f"remedy:    {' '.join(failure.remedy.split())}"
    if failure.breaks:
        yield f"caught by: {', '.join(failure.breaks)}"
    yield f"reproduce: {failure.reproduce or f'not here: {failure.not_here}'}"
