"""A page, and an API that takes what a front end at another origin sends."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

from fastapi import Body, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,"></head>
<body><h1>Notes</h1></body></html>
"""

if missing := [name for name in ["API_TOKEN"] if not os.environ.get(name, "").strip()]:
    sys.exit(f"not set: {', '.join(missing)}")

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://notes.vercel.app", f"https://{os.environ.get('SPACE_HOST', 'localhost')}"],
    allow_methods=["POST"],
    allow_headers=["content-type"],
)


@app.head("/", include_in_schema=False)
@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@app.post("/api/notes")
async def count(note: Annotated[dict[str, Any], Body()]) -> dict[str, int]:
    return {"fields": len(note)}
