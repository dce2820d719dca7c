"""What a route may ask for as a parameter."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from backend.services.roster import Roster


async def _roster(request: Request) -> Roster:
    roster: Roster = request.app.state.roster
    return roster


Services = Annotated[Roster, Depends(_roster)]
