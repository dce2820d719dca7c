"""The page and the API, and a history that may be missing."""

from __future__ import annotations

import logging
import sqlite3

from app import app

history = None
try:
    history = sqlite3.connect("history.db", check_same_thread=False)
    history.execute("CREATE TABLE IF NOT EXISTS visits (at TEXT)")
except sqlite3.Error as error:
    logging.getLogger(__name__).warning("no history is kept: %s", error)


@app.get("/api/visits")
async def visits() -> int:
    return history.execute("SELECT count(*) FROM visits").fetchone()[0] if history else 0
