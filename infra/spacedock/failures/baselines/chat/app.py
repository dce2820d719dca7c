"""Asks the notes what they know. The port is open before the clients of OpenAI and Qdrant are loaded."""

from __future__ import annotations

import asyncio
import importlib
import os

import settings  # noqa: F401  it ends here where a secret is missing
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ask the notes</title><link rel="icon" href="data:,"></head>
<body><h1>Ask the notes</h1>
<form><input name="question" aria-label="Question"><button>Ask</button></form><p></p>
<script>document.forms[0].onsubmit = async (event) => {
  event.preventDefault();
  const headers = {"content-type": "application/json"};
  const body = JSON.stringify(Object.fromEntries(new FormData(event.target)));
  const answer = await fetch("/api/ask", {method: "POST", headers, body});
  const said = await answer.json();
  document.querySelector("p").textContent = answer.ok ? said.answer : JSON.stringify(said.detail);
};</script></body></html>
"""

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://notes.vercel.app", f"https://{os.environ.get('SPACE_HOST', 'localhost')}"],
    allow_methods=["POST"],
    allow_headers=["content-type"],
)


class Question(BaseModel):
    question: str = Field(min_length=1, max_length=500)


@app.head("/", include_in_schema=False)
@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@app.head("/health", include_in_schema=False)
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/api/ask")
async def ask(asked: Question) -> JSONResponse:
    notes = await asyncio.to_thread(importlib.import_module, "notes")  # the first time it takes seconds
    status, said = await notes.answer(asked.question)
    return JSONResponse(said, status)
