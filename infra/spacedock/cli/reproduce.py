"""`spacedock reproduce`: list the failures, or bring one about before the reader's eyes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from spacedock.cli.app import app
from spacedock.cli.options import DockOption, TrustOption, Verbose
from spacedock.errors import UsageError
from spacedock.options import TRUST, DockName
from spacedock.screen import screen

if TYPE_CHECKING:
    from spacedock.failures.base import Failure

_KEPT, _BROKEN = 0, 1

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
    trust: TrustOption = False,
    verbose: Verbose = False,
) -> None:
    """List the known failures, or bring one about: its log, what Hugging Face shows, what mends it."""
    from spacedock.failures.catalogue import all_failures, find

    console = screen()
    if name not in {failure.name for failure in all_failures()}:
        _list(console, _found(name))
        return
    failure = find(name)
    if here is not None:
        from spacedock.cli.inject import bring

        raise typer.Exit(
            bring(console, failure, here, dock, trusted=TRUST.given(trust), keep=keep, verbose=verbose)
        )
    if failure.specimen is None:
        raise UsageError(
            f"{name} cannot be brought about: {failure.not_here}",
            remedy=f"read docs/failures/{name}.md, or `spacedock reproduce` for the others",
        )
    from spacedock.cli.staging import introduce, show_mending, stage

    introduce(console, failure)
    as_it_should = stage(console, failure, dock, keep=keep and not fixed, verbose=verbose)
    show_mending(console, failure)
    if fixed:
        as_it_should &= stage(console, failure, dock, mended=True, keep=keep, verbose=verbose)
    raise typer.Exit(_KEPT if as_it_should else _BROKEN)


def _found(word: str) -> tuple[Failure, ...]:
    """Return the failures that a word occurs in. Raises UsageError where there is none."""
    from spacedock.failures.catalogue import filtered, find

    found = filtered(word)
    if not found:
        find(word)  # says what is near
    return found


def _list(console: Console, failures: Iterable[Failure]) -> None:
    """List them by group, and within it by name."""
    from spacedock.failures.base import Group

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
