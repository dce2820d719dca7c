"""What a reader asked before."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from backend.api.dependencies import Services, Time, Token, limited, remember
from backend.api.problems import documented
from backend.chat.models import Page, Paging, Transcript

router = APIRouter(prefix="/api/conversations", tags=["conversations"], dependencies=[limited])

Wanted = Annotated[Paging, Query()]


@router.get("", responses=documented(401, 429, 503))
async def list_all(services: Services, budget: Time, token: Token, wanted: Wanted) -> Page:
    """List the reader's conversations, the last one first."""
    return await remember(services, lambda memory: memory.list_conversations(token, wanted), budget)


@router.get("/{conversation_id}", responses=documented(401, 404, 429, 503))
async def read(
    services: Services, budget: Time, token: Token, conversation_id: UUID, wanted: Wanted
) -> Transcript:
    """Read a conversation, its last messages first."""
    return await remember(
        services, lambda memory: memory.read_conversation(token, conversation_id, wanted), budget
    )


@router.delete("/{conversation_id}", status_code=204, responses=documented(401, 404, 429, 503))
async def delete(services: Services, budget: Time, token: Token, conversation_id: UUID) -> None:
    """Forget a conversation."""
    await remember(services, lambda memory: memory.delete_conversation(token, conversation_id), budget)
