"""The words of a visit: what a browser does, before there is one."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from spacedock.edge.base import Manner
from spacedock.space.manifest import Request


class Visit(BaseModel):
    """What a browser does, whose console is part of what a failure looks like.

    It opens a page at `origin`, or the Space's own page where there is none; in a frame of it the Space's, or
    with a call or a WebSocket from there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    origin: Annotated[str, Field(pattern=r"^(https://[^/\s:]+)?$")] = ""
    path: str = "/"  # of the Space's own page
    frame: bool = False
    call: Request | None = None
    credentials: bool | None = None  # whether the call has them; None: as the manifest says
    websocket: str = ""  # a whole URL; `$SPACE_HOST` stands for the Space's host
    manner: Manner = Manner.OBSERVED
