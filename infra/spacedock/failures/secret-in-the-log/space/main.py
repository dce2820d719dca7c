"""The page and the API, and at the start a look at what a service has that is new."""

from __future__ import annotations

import logging
import os

import requests
from app import app

LATEST: list[str] = []
try:
    answer = requests.get(
        "https://api.notes.example/v1/latest",
        headers={"authorization": f"Bearer {os.environ['API_TOKEN']}"},
        timeout=5,
    )
    LATEST = answer.json()
except requests.RequestException as error:
    logging.getLogger(__name__).warning("nothing new: %s", error)


@app.get("/api/latest")
async def latest() -> list[str]:
    return LATEST
