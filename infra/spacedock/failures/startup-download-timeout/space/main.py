"""The page and the API, with a collection that comes with the image."""

from __future__ import annotations

import json
from pathlib import Path

from app import app

COLLECTION = json.loads(Path("collection.json").read_text())


@app.get("/api/collection")
async def collection() -> list[str]:
    return COLLECTION
