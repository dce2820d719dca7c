"""The application factory. Importing this module creates nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from backend import __version__
from backend.api import health
from backend.config import Settings, load_settings
from backend.services.roster import Roster, open_services


class Backend(FastAPI):
    """FastAPI with CORS around everything that it answers."""

    def __init__(self, settings: Settings, roster: Roster) -> None:
        super().__init__(title="Textbook retrieval backend", version=__version__, lifespan=_lifespan)
        self.settings = settings
        self.state.roster = roster

    def build_middleware_stack(self) -> ASGIApp:
        """Put CORS outermost.

        Middleware that is added the usual way sits inside the one that answers 500 to an unhandled error, and
        a browser shows an answer without the headers as a CORS error.
        """
        return CORSMiddleware(
            super().build_middleware_stack(),
            allow_origins=self.settings.allowed_origins,
            allow_origin_regex=self.settings.cors_vercel_preview,
            allow_credentials=True,
            allow_methods=["*"],
            allow_headers=["*"],
        )


def create_app(settings: Settings | None = None, *, roster: Roster | None = None) -> Backend:
    """Build the application. Raises ConfigurationError when the settings it has to read are wrong."""
    settings = settings or load_settings()
    roster = roster or Roster(partial(open_services, settings), within=settings.service_timeout)
    app = Backend(settings, roster)
    app.include_router(health.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Ask the services while the server comes up: one that is away neither stops nor delays it."""
    async with app.state.roster:
        yield
