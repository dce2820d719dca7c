"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from backend.api.dependencies import Services
from backend.services.roster import Roster, Status

router = APIRouter(tags=["state"])


class Health(BaseModel):
    """The process lives; the services are as last known."""

    status: Literal["alive"] = "alive"
    services: Mapping[str, Status]


class Readiness(BaseModel):
    """Whether everything that an answer needs is there."""

    status: Literal["ready", "not ready"]
    missing: list[str]
    services: Mapping[str, Status]


@router.get("/health", response_model=Health)
async def health(request: Request) -> Response:
    """Tell that the process lives. Asks nobody, so it is quick whatever is away."""
    roster: Roster = request.app.state.roster
    return Response(_told(tuple(roster.statuses.items())), media_type="application/json")


@lru_cache(maxsize=8)  # it is asked for all day, and changes when a service comes or goes
def _told(statuses: tuple[tuple[str, Status], ...]) -> bytes:
    return Health(services=dict(statuses)).model_dump_json().encode()


@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(services: Services, response: Response) -> Readiness:
    """Ask every service now, within a deadline; 503 names those that are missing."""
    statuses = await services.ask_all()
    missing = [name for name, status in statuses.items() if status.state != "ready"]
    if missing:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return Readiness(status="not ready" if missing else "ready", missing=missing, services=statuses)
