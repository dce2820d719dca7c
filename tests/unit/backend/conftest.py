"""A backend whose settings are sound and whose services say what a test wants."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import pytest
from fastapi.testclient import TestClient

from backend.config import Settings, load_settings
from backend.logs import start_logging
from backend.main import create_app
from backend.services import roster
from backend.services.base import AwayError, Service

SOUND = {
    "OPENAI_API_KEY": "sk-openai-canary-0123456789",
    "DATABASE_URL": "postgresql://owner:postgres-canary@db.example/textbook?sslmode=require",
    "QDRANT_URL": "https://qdrant-url-canary.example",
    "QDRANT_API_KEY": "qdrant-key-canary",
}
REQUIRED = tuple(SOUND)
CANARIES = ("openai-canary", "postgres-canary", "qdrant-url-canary", "qdrant-key-canary")


class Configure(Protocol):
    """Loads the settings from a sound environment with these changes; None withholds a name."""

    def __call__(self, **changes: str | None) -> Settings: ...


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def empty_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Work in a folder without `.env`, and without the settings of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Offer settings that differ from sound ones in what a test names."""

    def load(**changes: str | None) -> Settings:
        for name, value in {**SOUND, **changes}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return load_settings()

    return load


@dataclass
class FakeService:
    """A service that is ready, away or silent."""

    name: str
    away: str | Exception = ""
    silent: bool = False
    asked: int = 0
    closed: bool = False
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self) -> str:
        self.asked += 1
        if self.silent:
            await self.answering.wait()
        if isinstance(self.away, Exception):
            raise self.away
        if self.away:
            raise AwayError(self.away)
        return "version 1.2"

    async def close(self) -> None:
        self.closed = True


@dataclass
class Services:
    """One fake of each service, and a roster over them."""

    postgres: FakeService = field(default_factory=lambda: FakeService("postgres"))
    qdrant: FakeService = field(default_factory=lambda: FakeService("qdrant"))
    openai: FakeService = field(default_factory=lambda: FakeService("openai"))

    def open(self) -> roster.Services:
        return cast("roster.Services", self)

    def __iter__(self) -> Iterator[FakeService]:
        yield from (self.postgres, self.qdrant, self.openai)

    def roster(self, *, within: float = 5.0, pause: float = 0.0) -> roster.Roster:
        return roster.Roster(self.open, within=within, pause=pause)


@pytest.fixture
def services() -> Services:
    """All services ready; a test breaks those it wants to."""
    return Services()


@pytest.fixture
def client(configure: Configure, services: Services) -> Iterator[TestClient]:
    """Browse the running application; an unhandled error reaches the browser as its answer."""
    app = create_app(configure(), roster=services.roster(within=0.05))
    with TestClient(app, raise_server_exceptions=False) as browser:
        yield browser


class Log:
    """What the backend writes down while a test runs."""

    def __init__(self) -> None:
        self._stream = io.StringIO()

    def start(self, level: str) -> None:
        """Log as the server does."""
        with redirect_stderr(self._stream):
            start_logging(level)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def written() -> Iterator[Log]:
    """Log at INFO, and as before afterwards."""
    names = (None, "backend", "uvicorn")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers = logging.root.handlers[:]
    log = Log()
    log.start("INFO")
    yield log
    logging.root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


async def reason_of(service: Service) -> str:
    """Return why a service is away."""
    with pytest.raises(AwayError) as away:
        await service.ask()
    return str(away.value)
