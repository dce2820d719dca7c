"""A page, and an API for it and for a front end at another origin, with notes from Postgres."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse
from psycopg_pool import ConnectionPool

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,"></head>
<body><h1>Notes</h1><p id="notes"></p>
<script>fetch("/api/notes").then((answer) => answer.json()).then((notes) => {
  document.getElementById("notes").textContent = notes.join(", ");
});</script></body></html>
"""

DATABASE_URL = os.environ.get("DATABASE_URL", "").strip() or sys.exit("not set: DATABASE_URL")

# Opened beside the start, so that the page is there while the database is not.
pool = ConnectionPool(DATABASE_URL, kwargs={"connect_timeout": 3}, timeout=3, open=False)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    pool.open()
    yield
    pool.close()


app = FastAPI(lifespan=lifespan)
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://notes.vercel.app", f"https://{os.environ.get('SPACE_HOST', 'localhost')}"],
    allow_methods=["GET"],
    allow_headers=["authorization"],
)


@app.head("/", include_in_schema=False)
@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@app.get("/api/notes")
def notes() -> list[str]:
    with pool.connection() as connection:
        found = connection.execute("SELECT 'The zero moment point lies within the feet.'")
        return [note for (note,) in found]
