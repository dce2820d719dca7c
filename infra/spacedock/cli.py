"""The command line: a command is a few lines over the rooms."""

from __future__ import annotations

import shlex
import sys
import time
from contextlib import ExitStack, closing, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from spacedock.console import ConsoleProgress
from spacedock.contract.base import AS_DEPLOYED, Promise
from spacedock.contract.berths import Berths
from spacedock.contract.examine import all_promises, chosen, examine, redact, start_ahead
from spacedock.docks.base import Execution
from spacedock.errors import BootError, SpacedockError, UsageError
from spacedock.space import read_space
from spacedock.verdict.formats import formats
from spacedock.verdict.model import Verdict, digest
from spacedock.verdict.terminal import show

app = typer.Typer(
    name="spacedock",
    help="Build, board and break a Hugging Face Docker Space before it is pushed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 kept, 1 broken, 2 usage, 3 nothing proven, 4 no engine, 5 image did not build, "
    "6 Space did not boot.",
)


class DockName(StrEnum):
    """The docks one may ask for."""

    auto = "auto"
    image = "image"
    process = "process"


Place = Annotated[
    Path, typer.Argument(help="Folder or manifest (space.toml) of the Space.", show_default=True)
]
DockOption = Annotated[
    DockName,
    typer.Option("--dock", help="image: its container; process: no Docker; auto: image where it can."),
]
RunFirst = Annotated[
    str,
    typer.Option(
        "--run", metavar="COMMAND", help="Run this where the Space runs, once it is up.", show_default=False
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every line of a build.")]


@app.command()
def check(  # noqa: PLR0913, PLR0917 - the options of a command are its arguments
    path: Place = Path(),
    dock: DockOption = DockName.auto,
    promise: Annotated[list[str] | None, typer.Option(help="Only this promise; may be repeated.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Count a broken `should` as broken.")] = False,
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMAT=FILE", help="Write the verdict to a file as well: junit=FILE."),
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Hold the Space to its contract, and say what broke, why it would break there, and what mends it."""
    reports = [_report(wish) for wish in report or ()]
    verdict = _verdict(path, dock, chosen(promise or ()), verbose=verbose)
    show(Console(), verdict)
    for kind, file in reports:
        file.write_text(formats()[kind](verdict, strict=strict), encoding="utf-8")
    raise typer.Exit(verdict.exit_code(strict=strict))


@app.command()
def up(
    path: Place = Path(), dock: DockOption = DockName.auto, run_first: RunFirst = "", verbose: Verbose = False
) -> None:
    """Boot the Space with all its services and show its log until Ctrl-C."""
    from spacedock.docks.choose import choose
    from spacedock.runs import open_run

    space = read_space(path)
    console = Console(markup=False, highlight=False)
    with suppress(KeyboardInterrupt), open_run() as run, ExitStack() as stack:
        with ConsoleProgress(Console(stderr=True), verbose=verbose) as progress:
            opened = stack.enter_context(choose(dock, space, run, progress))
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


@app.command("list")
def list_promises() -> None:
    """List the promises of the contract."""
    for promise in all_promises():
        print(f"{promise.id:<28} {promise.level:<7} since {promise.since:<5} {promise.title}")


@app.command()
def explain(promise: Annotated[str, typer.Argument(help="The promise's id, as `list` shows it.")]) -> None:
    """Say what a promise asks, why, what mends it, and where that is written."""
    (found,) = chosen([promise])
    print(_explanation(found))


@app.command()
def clean() -> None:
    """Remove every container, network, image, process and folder that any run on this machine left."""
    from spacedock.engine import Engine
    from spacedock.runs import open_run

    with open_run():  # opening a run ends what dead ones left
        removed = Engine.connect().sweep(everything=True) if Engine.answers() else ()
    for what in removed:
        print(f"removed {what}")
    print("nothing is left")


def main() -> None:
    """Run the command line; expected errors end in their own exit code."""
    try:
        app()
    except SpacedockError as error:
        print(f"spacedock: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def _verdict(path: Path, dock: DockName, promises: tuple[Promise, ...], *, verbose: bool) -> Verdict:
    """Read, build, board and examine."""
    from spacedock.docks.choose import choose
    from spacedock.runs import open_run

    started = time.monotonic()
    space = read_space(path)
    content = digest(space)
    with (
        open_run() as run,
        ConsoleProgress(Console(stderr=True), verbose=verbose) as progress,
        choose(dock, space, run, progress) as opened,
        Berths(opened) as berths,
    ):
        start_ahead(promises, space, berths)
        findings = []
        for promise in promises:
            with progress(f"checking {promise.id}"):
                findings.append(examine(promise, space, berths))
        header, name = opened.header, opened.name
    return Verdict(
        space.manifest.space.id, content, name, header, tuple(findings), time.monotonic() - started
    )


def _report(wish: str) -> tuple[str, Path]:
    """Return format and file of `--report FORMAT=FILE`."""
    kind, _, file = wish.partition("=")
    if kind not in formats() or not file:
        raise UsageError(
            f"`--report {wish}` is not FORMAT=FILE",
            remedy=f"formats: {', '.join(formats())}; e.g. junit=gate.xml",
        )
    return kind, Path(file)


def _explanation(promise: Promise) -> str:
    parts = {
        "promise": f"{promise.id} ({promise.level}, since {promise.since})",
        "asks": promise.title,
        "because": promise.reason,
        "there": promise.consequence,
        "remedy": promise.remedy,
        "source": promise.source,
        "needs": f"a dock that can show {', '.join(sorted(promise.needs))}" if promise.needs else "any dock",
    }
    return "\n".join(f"{name + ':':<9}{text}" for name, text in parts.items())
