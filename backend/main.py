"""The application factory. Importing this module creates nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from backend import __version__
from backend.api import chat, conversations, health, page, problems, reference, sessions
from backend.api.access import AccessLog
from backend.api.cors import CrossOrigin
from backend.api.head import HeadAsGet
from backend.api.limits import BodyLimit, RateLimit
from backend.config import Settings, load_settings
from backend.imports import without_collection
from backend.services.budget import Budgets
from backend.services.roster import Roster, Services, open_services

PAUSE = 1.0  # seconds between two rounds of questions to the services
DESCRIPTION = "Answers questions from the textbook *Physical AI & Humanoid Robotics*, with citations."


class Backend(FastAPI):
    """FastAPI with CORS, a request id and a line in the log around everything that it answers."""

    def __init__(self, settings: Settings, roster: Roster) -> None:
        super().__init__(
            title="Textbook retrieval backend",
            description=DESCRIPTION,
            version=__version__,
            lifespan=_lifespan,
            docs_url=None,  # theirs are scripts of a network for content, without a policy
            redoc_url=None,
            redirect_slashes=False,  # a redirect would repeat the Host that it was asked with
        )
        self.settings = self.state.settings = settings
        self.state.roster = roster
        self.state.budgets = Budgets(settings.request_budget)
        self.state.rate_limit = RateLimit(settings.rate_limit)

    def openapi(self) -> dict[str, Any]:
        """Describe the interface, its errors included."""
        if self.openapi_schema is None:
            problems.describe(super().openapi())
        return super().openapi()

    def build_middleware_stack(self) -> ASGIApp:
        """Put CORS outermost.

        Middleware that is added the usual way sits inside the one that answers 500 to an unhandled error, and
        a browser shows an answer without the headers as a CORS error.
        """
        return CrossOrigin(AccessLog(HeadAsGet(BodyLimit(super().build_middleware_stack()))), self.settings)


def create_app(settings: Settings | None = None, *, roster: Roster | None = None) -> Backend:
    """Build the application. Raises ConfigurationError when the settings it has to read are wrong."""
    settings = settings or load_settings()
    roster = roster or Roster(partial(_open, settings), within=settings.service_timeout, pause=PAUSE)
    app = Backend(settings, roster)
    problems.install(app)
    for part in (health, page, reference, chat, sessions, conversations):
        app.include_router(part.router)
    app.mount("/static", page.files)
    return app


def _open(settings: Settings) -> Services:
    """Import the clients, and what works with them: the first question shall not wait for it."""
    with without_collection():
        services = open_services(settings)
        import backend.chat.assistant  # noqa: F401, PLC0415

    return services


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Ask the services while the server comes up: one that is away neither stops nor delays it."""
    async with app.state.roster:
        yield
