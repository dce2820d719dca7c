"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from spacedock.docks.conditions import Egress
from spacedock.edge.base import Manner
from spacedock.options import DOCK, EDGE, EGRESS, TIME_SCALE, TRUST, Choice, Consent, DockName, Shared


def _shared(option: Shared) -> Any:
    """Return what typer wants to know of an option that pytest has too."""
    if isinstance(option, Choice | Consent):
        return typer.Option(option.flag, help=option.help)
    return typer.Option(
        option.flag, help=option.help, metavar=option.metavar, min=option.lowest, max=option.highest
    )


Place = Annotated[
    Path, typer.Argument(help="Folder or manifest (space.toml) of the Space.", show_default=True)
]
DockOption = Annotated[DockName, _shared(DOCK)]
TrustOption = Annotated[bool, _shared(TRUST)]
EgressOption = Annotated[Egress, _shared(EGRESS)]
EdgeOption = Annotated[Manner, _shared(EDGE)]
ScaleOption = Annotated[float, _shared(TIME_SCALE)]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every line of a build.")]
