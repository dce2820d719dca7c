"""A page, and an API for it and for a front end at another origin, with the previews of that."""

from __future__ import annotations

import os
import sys

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,"></head>
<body><h1>Notes</h1><p id="notes"></p>
<script>fetch("/api/notes").then((answer) => answer.json()).then((notes) => {
  document.getElementById("notes").textContent = notes.join(", ");
});</script></body></html>
"""

if missing := [name for name in ["API_TOKEN"] if not os.environ.get(name, "").strip()]:
    sys.exit(f"not set: {', '.join(missing)}")

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://notes.vercel.app", f"https://{os.environ.get('SPACE_HOST', 'localhost')}"],
    allow_origin_regex=r"https://notes-[a-z0-9-]+-owner\.vercel\.app",
    allow_methods=["GET"],
    allow_headers=["authorization"],
)


@app.head("/", include_in_schema=False)
@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@app.get("/api/notes")
async def notes() -> list[str]:
    return ["The zero moment point lies within the feet."]
