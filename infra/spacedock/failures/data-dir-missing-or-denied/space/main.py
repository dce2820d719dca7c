"""The page and the API, and a folder for what shall be kept."""

from __future__ import annotations

from pathlib import Path

from app import app

KEPT = Path("/data")
KEPT.mkdir(exist_ok=True)


@app.get("/api/kept")
async def kept() -> list[str]:
    return sorted(path.name for path in KEPT.iterdir())
