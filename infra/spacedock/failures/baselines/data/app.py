"""Notes that Postgres keeps: a page, and an API for it and for a front end at another origin."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import uuid4

from fastapi import Body, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,"></head>
<body><h1>Notes</h1><p id="notes"></p>
<script>fetch("/api/notes").then((answer) => answer.json()).then((notes) => {
  document.getElementById("notes").textContent = Object.values(notes).join(" ");
});</script></body></html>
"""
TABLE = "CREATE TABLE IF NOT EXISTS notes (name text PRIMARY KEY, text text NOT NULL)"
WRITE = "INSERT INTO notes VALUES (:name, :text) ON CONFLICT (name) DO UPDATE SET text = excluded.text"

if missing := [name for name in ["DATABASE_URL"] if not os.environ.get(name, "").strip()]:
    sys.exit(f"not set: {', '.join(missing)}")

url = make_url(os.environ["DATABASE_URL"].strip())
engine = create_async_engine(
    # `postgres://` is no dialect, and what stands behind the `?` is libpq's: asyncpg takes none of it.
    url.set(drivername="postgresql+asyncpg", query={}),
    pool_size=2,
    max_overflow=0,  # the old and the new container share what the database allows
    pool_pre_ping=True,  # a database that naps closes what is in the pool
    connect_args={
        "ssl": url.query.get("sslmode", "require"),
        "timeout": 15,  # seconds: to wake, a database takes some
        # Behind PgBouncer a transaction may meet any connection, and any statement that was left there.
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"notes-{uuid4()}",
    },
)


@asynccontextmanager
async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


api = FastAPI(lifespan=lifespan)
has_table = False


@asynccontextmanager
async def transaction() -> AsyncIterator[AsyncConnection]:
    """The table is made with the first one and not at start, when the database may be away."""
    global has_table
    async with engine.begin() as database:
        if not has_table:
            await database.execute(text("SELECT pg_advisory_xact_lock(7)"))  # two who make it at once fail
            await database.execute(text(TABLE))
        yield database
    has_table = True


@api.head("/", include_in_schema=False)
@api.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@api.head("/health", include_in_schema=False)
@api.get("/health")
async def health() -> str:
    return "well"  # whatever the database does: that it naps is no reason to restart


@api.get("/api/notes")
async def notes() -> dict[str, str]:
    async with transaction() as database:
        rows = await database.execute(text("SELECT name, text FROM notes ORDER BY name"))
        return {row.name: row.text for row in rows}


@api.get("/api/notes/{name}")
async def note(name: str) -> str:
    async with transaction() as database:
        found = await database.scalar(text("SELECT text FROM notes WHERE name = :name"), {"name": name})
    if found is None:
        raise HTTPException(404)
    return found


@api.put("/api/notes/{name}", status_code=204)
async def write(name: str, note: Annotated[str, Body(alias="text", embed=True)]) -> None:
    async with transaction() as database:
        await database.execute(text(WRITE), {"name": name, "text": note})


# Outside of all else, so that a front end may read what went wrong.
app = CORSMiddleware(
    api,
    allow_origins=["https://notes.vercel.app", f"https://{os.environ.get('SPACE_HOST', 'localhost')}"],
    allow_methods=["GET"],
    allow_headers=["authorization"],
)
