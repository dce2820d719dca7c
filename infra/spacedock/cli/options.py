"""Arguments and options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spacedock.docks.conditions import Conditions, Egress
from spacedock.edge.base import Manner


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
EgressOption = Annotated[
    Egress,
    typer.Option(
        "--egress",
        help="observed: mail ports and IPv6 closed; documented: 80, 443, 8080 only; "
        "open: no limit, real services included.",
    ),
]
EdgeOption = Annotated[
    Manner,
    typer.Option("--edge", help="observed: the edge answers CORS preflights itself; transparent: the Space."),
]
ScaleOption = Annotated[
    float,
    typer.Option(
        "--time-scale", min=0.001, max=1.0, help="Of the platform's start window; 1 is as long as there."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every line of a build.")]

THIRTIETH = Conditions.time_scale
