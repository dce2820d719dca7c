"""The page and the API, and an index in the folder that the Hub's client keeps for such."""

from __future__ import annotations

from app import app
from huggingface_hub import cached_assets_path

INDEX = cached_assets_path(library_name="notes", namespace="index")


@app.get("/api/index")
async def index() -> list[str]:
    return sorted(path.name for path in INDEX.iterdir())
