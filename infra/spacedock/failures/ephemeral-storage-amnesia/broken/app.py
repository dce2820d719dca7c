"""Notes that a file keeps: a page, and an API for it and for a front end at another origin."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Annotated

from fastapi import Body, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,"></head>
<body><h1>Notes</h1><p id="notes"></p>
<script>fetch("/api/notes").then((answer) => answer.json()).then((notes) => {
  document.getElementById("notes").textContent = Object.values(notes).join(" ");
});</script></body></html>
"""
FILE = Path.home() / "notes.db"
TABLE = "CREATE TABLE IF NOT EXISTS notes (name text PRIMARY KEY, text text NOT NULL)"
WRITE = "INSERT INTO notes VALUES (:name, :text) ON CONFLICT (name) DO UPDATE SET text = excluded.text"

api = FastAPI()


@api.head("/", include_in_schema=False)
@api.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@api.head("/health", include_in_schema=False)
@api.get("/health")
async def health() -> str:
    return "well"


@api.get("/api/notes")
def notes() -> dict[str, str]:
    with closing(sqlite3.connect(FILE)) as database:
        return dict(database.execute("SELECT name, text FROM notes ORDER BY name"))


@api.get("/api/notes/{name}")
def note(name: str) -> str:
    with closing(sqlite3.connect(FILE)) as database:
        found = database.execute("SELECT text FROM notes WHERE name = ?", [name]).fetchone()
    if found is None:
        raise HTTPException(404)
    return found[0]


@api.put("/api/notes/{name}", status_code=204)
def write(name: str, note: Annotated[str, Body(alias="text", embed=True)]) -> None:
    with closing(sqlite3.connect(FILE)) as database, database:
        database.execute(TABLE)
        database.execute(WRITE, {"name": name, "text": note})


app = CORSMiddleware(
    api,
    allow_origins=["https://notes.vercel.app", f"https://{os.environ.get('SPACE_HOST', 'localhost')}"],
    allow_methods=["GET"],
    allow_headers=["authorization"],
)
