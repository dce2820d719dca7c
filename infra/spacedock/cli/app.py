"""The one `typer` application; a module of this room adds its commands."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="spacedock",
    help="Build, boot and break a Hugging Face Docker Space before it is pushed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 kept, 1 broken, 2 usage, 3 nothing proven, 4 no engine, 5 image did not build, "
    "6 Space did not boot.",
)
