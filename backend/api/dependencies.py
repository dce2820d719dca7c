"""What a route may ask for as a parameter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from backend.chat.errors import UnknownTokenError
from backend.services.budget import Budget
from backend.services.roster import Roster

if TYPE_CHECKING:
    from backend.chat.memory import Memory

T = TypeVar("T")

_bearer = HTTPBearer(auto_error=False, description="the token that POST /api/sessions gave")


async def _roster(request: Request) -> Roster:
    roster: Roster = request.app.state.roster
    return roster


async def _budget(request: Request) -> Budget:
    budget: Budget = request.app.state.budgets.open()
    return budget


async def _token(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str | None:
    return given.credentials if given else None


async def _required(token: Annotated[str | None, Depends(_token)]) -> str:
    if token is None:
        raise UnknownTokenError
    return token


async def _limited(request: Request) -> None:
    await request.app.state.rate_limit(request)


Services = Annotated[Roster, Depends(_roster)]
Time = Annotated[Budget, Depends(_budget)]
MaybeToken = Annotated[str | None, Depends(_token)]
Token = Annotated[str, Depends(_required)]
limited = Depends(_limited)


async def remember(roster: Roster, work: Callable[[Memory], Awaitable[T]], budget: Budget) -> T:
    """Do `work` with what is kept of readers. Raises AwayError, and what `work` raises."""
    await roster.services()
    from backend.chat.memory import in_memory  # noqa: PLC0415  comes with the database's client

    return await in_memory(roster, work, budget)
