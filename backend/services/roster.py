"""The services and what is known of each; asking them never fails and never takes longer than it may."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Self, TypeVar

from backend.config import Settings
from backend.services.base import AwayError, Service
from backend.services.budget import Budget
from backend.services.retry import TRIES, asked

if TYPE_CHECKING:
    from backend.services.openai import OpenAI
    from backend.services.postgres import Postgres
    from backend.services.qdrant import Qdrant

T = TypeVar("T")

log = logging.getLogger(__name__)

NAMES = ("postgres", "qdrant", "openai")


@dataclass(frozen=True)
class Services:
    """The clients of all services."""

    postgres: Postgres
    qdrant: Qdrant
    openai: OpenAI

    def __iter__(self) -> Iterator[Service]:
        yield from (self.postgres, self.qdrant, self.openai)


def open_services(settings: Settings) -> Services:
    """Import the clients and create them; no connection is made.

    The imports take longer than all others of the backend together, and the first answer needs none of them.
    """
    from backend.services.openai import OpenAI  # noqa: PLC0415
    from backend.services.postgres import Postgres  # noqa: PLC0415
    from backend.services.qdrant import Qdrant  # noqa: PLC0415

    return Services(Postgres(settings), Qdrant(settings), OpenAI(settings))


@dataclass(frozen=True)
class Status:
    """What is known of one service."""

    state: Literal["unknown", "ready", "away"] = "unknown"
    detail: str = "not asked yet"


class Roster:
    """All services. A context manager: entering starts to ask them, without waiting for what they say."""

    def __init__(self, open_services: Callable[[], Services], *, within: float, pause: float = 0.0) -> None:
        self._open_services = open_services
        self._within = within  # seconds that a round may take
        self._pause = pause  # seconds from one round's start to the next one's
        self._next_round = 0.0
        self._opening: asyncio.Task[Services] | None = None
        self._round: asyncio.Task[None] | None = None
        self._statuses = dict.fromkeys(NAMES, Status())

    @property
    def statuses(self) -> Mapping[str, Status]:
        """What is known of each, without asking."""
        return MappingProxyType(self._statuses)

    async def ask_all(self) -> Mapping[str, Status]:
        """Ask all of them at once.

        Whoever comes while a round is under way, or waits for its start, shares it: callers can neither pile
        up connections nor have the services asked as often as they like.
        """
        await asyncio.shield(self._current_round())
        return self.statuses

    async def services(self) -> Services:
        """Return the clients, which are imported when they are first wanted."""
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(self._open_services))
        elif self._opening.done():
            return self._opening.result()
        return await asyncio.shield(self._opening)

    async def call(
        self,
        name: str,
        ask: Callable[[Services], Awaitable[T]],
        budget: Budget,
        *,
        at_most: float | None = None,
        tries: int = TRIES,
    ) -> T:
        """Return what the service `name` says, asked again where that may help, and remember how it is.

        One try takes `at_most` seconds. Raises AwayError, which names the service.
        """
        services = await self.services()
        try:
            answer = await asked(lambda: ask(services), budget, at_most=at_most or self._within, tries=tries)
        except AwayError as reason:
            raise self.noted(name, reason) from None
        if self._statuses[name].state != "ready":
            self._note(name, Status("ready", "it answers"))
        return answer

    def noted(self, name: str, reason: AwayError) -> AwayError:
        """Remember that the service is away, and let the reason name it."""
        reason.service = name
        self._note(name, Status("away", str(reason)))
        return reason

    def _current_round(self) -> asyncio.Task[None]:
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._ask_round())
        return self._round

    async def _ask_round(self) -> None:
        now = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, self._next_round - now()))
        self._next_round = now() + self._pause
        with suppress(Exception):  # told of each service below; the imports do not count as its silence
            await self.services()
        asks = {asyncio.create_task(self._ask(name)): name for name in NAMES}
        try:
            _, late = await asyncio.wait(asks, timeout=self._within)
            for ask in late:
                self._note(asks[ask], Status("away", f"it did not answer within {self._within:g} s"))
        finally:
            for ask in asks:
                ask.cancel()

    async def _ask(self, name: str) -> None:
        try:
            (service,) = (service for service in await self.services() if service.name == name)
            status = Status("ready", await service.ask())
        except AwayError as reason:
            status = Status("away", str(reason))
        except Exception as error:  # the text of one that nobody foresaw may hold a secret
            status = Status("away", f"asking it failed with {type(error).__name__}")
        self._note(name, status)

    def _note(self, name: str, status: Status) -> None:
        changed = status.state != self._statuses[name].state
        self._statuses[name] = status
        if changed:
            level = logging.INFO if status.state == "ready" else logging.WARNING
            log.log(level, "%s is %s: %s", name, status.state, status.detail)

    async def __aenter__(self) -> Self:
        self._current_round()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._round is not None:
            self._round.cancel()
        if self._opening is not None and self._opening.done() and self._opening.exception() is None:
            for service in self._opening.result():
                await service.close()
