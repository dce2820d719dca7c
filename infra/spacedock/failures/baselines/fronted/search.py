"""Finds notes by a word, in a process of its own."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

NOTES = json.loads(Path("notes.json").read_text(encoding="utf-8"))


class Search(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        (word,) = parse_qs(urlsplit(self.path).query).get("word", [""])
        found = json.dumps([note for note in NOTES if word.casefold() in note.casefold()]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    def log_message(self, format: str, *args: object) -> None: ...


ThreadingHTTPServer(("127.0.0.1", 8001), Search).serve_forever()
