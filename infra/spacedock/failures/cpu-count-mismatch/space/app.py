"""A page, and an API for it and for a front end at another origin, as WSGI knows them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notes</title><link rel="icon" href="data:,"></head>
<body><h1>Notes</h1><p id="notes"></p>
<script>fetch("/api/notes").then((answer) => answer.json()).then((notes) => {
  document.getElementById("notes").textContent = notes.join(", ");
});</script></body></html>
"""

if missing := [name for name in ["API_TOKEN"] if not os.environ.get(name, "").strip()]:
    sys.exit(f"not set: {', '.join(missing)}")

ORIGINS = {"https://notes.vercel.app", f"https://{os.environ.get('SPACE_HOST', 'localhost')}"}
NOTES = ["The zero moment point lies within the feet."]
ANSWERS = {"/": ("text/html; charset=utf-8", PAGE), "/api/notes": ("application/json", json.dumps(NOTES))}


def app(environ: dict[str, str], start_response: Callable[..., object]) -> Iterable[bytes]:
    method, origin = environ["REQUEST_METHOD"], environ.get("HTTP_ORIGIN", "")
    kind, text = ANSWERS.get(environ["PATH_INFO"], ("text/plain", ""))
    status = "200 OK" if text else "404 Not Found"
    headers = [("vary", "origin")]
    if origin in ORIGINS:
        headers += [
            ("access-control-allow-origin", origin),
            ("access-control-allow-headers", "authorization"),
        ]
    if method == "OPTIONS":
        status, text = ("200 OK" if origin in ORIGINS else "400 Bad Request"), ""
        headers += [
            ("access-control-allow-methods", "GET"),
            ("access-control-allow-headers", "authorization"),
        ]
    elif method not in {"GET", "HEAD"}:
        status, text = "405 Method Not Allowed", ""
    body = text.encode()
    start_response(status, [*headers, ("content-type", kind), ("content-length", str(len(body)))])
    return [] if method == "HEAD" else [body]
