"""The page and the API, and a folder for what visitors send."""

from __future__ import annotations

from pathlib import Path

from app import app

UPLOADS = Path("uploads")
UPLOADS.mkdir(exist_ok=True)


@app.get("/api/uploads")
async def uploads() -> list[str]:
    return sorted(path.name for path in UPLOADS.iterdir())
