"""Identities without names: an opaque bearer token, since the platform's edge lets no cookie pass."""

from __future__ import annotations

from fastapi import APIRouter, Response

from backend.api.dependencies import Services, Time, Token, limited, remember
from backend.api.problems import documented
from backend.chat.models import Session

router = APIRouter(prefix="/api/sessions", tags=["sessions"], dependencies=[limited])


@router.post("", status_code=201, responses=documented(429, 503))
async def begin(services: Services, budget: Time, response: Response) -> Session:
    """Get a token. It is shown this once; whoever has it is the reader."""
    response.headers["Cache-Control"] = "no-store"
    return Session(token=await remember(services, lambda memory: memory.begin_session(), budget))


@router.delete("/current", status_code=204, responses=documented(401, 429, 503))
async def end(services: Services, budget: Time, token: Token) -> None:
    """Forget the reader with all conversations."""
    await remember(services, lambda memory: memory.end_session(token), budget)
