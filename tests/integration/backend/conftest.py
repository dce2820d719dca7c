"""A Postgres server for the backend: the embedded one, so that no Docker is needed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from backend.config import Settings
from backend.services.postgres import Postgres
from spacedock.runs import open_run
from spacedock.services import postgres as servers

Configure = Callable[..., Settings]

PATIENCE = 30.0  # seconds for what comes soon


def until(holds: Callable[[], bool]) -> None:
    """Ask until something holds; fail when it does not come to that."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a server and the database that it starts with."""
    with open_run() as run, servers.in_process(run) as service:
        yield service.local["url"]


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """Create an empty database and give its URL."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    with new_database(server) as url:
        yield url


@pytest.fixture(scope="session")
def shared(server: str) -> Iterator[str]:
    """The URL of a database for tests that look at what is theirs alone."""
    with new_database(server) as url:
        yield url


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Make settings for the database with this URL."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def make(url: str, **more: object) -> Settings:
        given = {
            "database_url": url,
            "openai_api_key": "sk-openai-canary-0123456789",
            "qdrant_url": "http://127.0.0.1:1",
            "qdrant_api_key": "qdrant-key-canary",
        }
        return Settings.model_validate({**given, **more})

    return make


@pytest.fixture
async def postgres(shared: str, configure: Configure) -> AsyncIterator[Postgres]:
    """The backend's client of the shared database."""
    client = Postgres(configure(shared))
    yield client
    await client.close()
