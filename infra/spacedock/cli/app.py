"""The one `typer` application: a module of this room adds its commands, and is imported for none but them."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from spacedock.cli.listing import Listed, listed
from spacedock.errors import unforeseen

_NOBODY_READS = 141  # as of a process that SIGPIPE ends


class StandIn(TyperCommand):
    """Stands in the list of commands for one whose module need not be imported yet."""

    def __init__(self, command: Listed) -> None:
        super().__init__(command.name, short_help=command.summary)
        self.module = command.module


class Commands(TyperGroup):
    """All commands; a module is imported when one of its own is asked for."""

    def __init__(self, *, commands: dict[str, TyperCommand], **settings: Any) -> None:
        super().__init__(commands={command.name: StandIn(command) for command in listed()}, **settings)
        self.imported = commands

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return name, command and what is left of the arguments; click tells what is unknown."""
        name, command, rest = super().resolve_command(ctx, args)
        if name and isinstance(command, StandIn):
            importlib.import_module(command.module)
            command = cast("Commands", get_group(app)).imported[name]
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command. What typer would end in 1, which says that a promise is broken, ends otherwise."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()  # what is printed may be told only now that nobody reads it
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes it at its end
            raise typer.Exit(_NOBODY_READS) from None
        except EOFError as error:
            raise unforeseen(error) from error


# Without markup, as typer imports rich for it before it shows anything.
app = typer.Typer(
    cls=Commands,
    name="spacedock",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Exit codes: 0 kept, 1 broken, 2 usage, 3 nothing proven, 4 no engine, 5 image did not build, "
    "6 Space did not boot, 7 spacedock itself failed, or this machine did.",
)


@app.callback()
def spacedock() -> None:
    """Build, boot and break a Hugging Face Docker Space before it is pushed."""
