"""A Space for browsers, of the standard library only: each route shows one thing.

A test gives it a habit by `POST /habit?NAME`, while it runs; without one nothing is wrong with it.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import signal
import sys
import threading
from urllib.parse import unquote

ALLOWED = "https://my-book.vercel.app"
TOKEN = "Bearer let-me-in"
PATIENCE = 60.0  # seconds that a stream waits for its gate

SOUND_COOKIE = "Path=/; HttpOnly; SameSite=None; Secure; Partitioned"
COOKIES = {
    "cookie without SameSite": "Path=/; HttpOnly; Secure",
    "cookie with SameSite=Lax": "Path=/; HttpOnly; SameSite=Lax; Secure",
    "cookie with SameSite=None, without Secure": "Path=/; HttpOnly; SameSite=None",
    "cookie without Partitioned": "Path=/; HttpOnly; SameSite=None; Secure",
    "no cookie": None,
}
FRAMING = {
    "X-Frame-Options: DENY": {"X-Frame-Options": "DENY"},
    "X-Frame-Options: SAMEORIGIN": {"X-Frame-Options": "SAMEORIGIN"},
    "X-Frame-Options: ALLOW-FROM": {"X-Frame-Options": "ALLOW-FROM https://huggingface.co"},
    "frame-ancestors 'none'": {"Content-Security-Policy": "frame-ancestors 'none'"},
    "frame-ancestors 'self'": {"Content-Security-Policy": "frame-ancestors 'self'"},
    "frame-ancestors https://*.huggingface.co": {
        "Content-Security-Policy": "frame-ancestors https://*.huggingface.co"
    },
    "frame-ancestors https://huggingface.co": {
        "Content-Security-Policy": "frame-ancestors https://huggingface.co https://*.hf.space"
    },
    "frame-ancestors over X-Frame-Options": {
        "Content-Security-Policy": "frame-ancestors https://huggingface.co",
        "X-Frame-Options": "DENY",
    },
    "script by http, upgraded": {"Content-Security-Policy": "upgrade-insecure-requests"},
    "call by http, upgraded": {"Content-Security-Policy": "upgrade-insecure-requests"},
}
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A Space</title>
<link rel="icon" href="data:,">
<p id="told">the script has not run</p>
<script src="{script}" data-visit="{visit}"></script>
"""
SCRIPT = """\
const told = document.querySelector("#told");
fetch(document.currentScript.dataset.visit)
  .then((answer) => answer.json())
  .then((visit) => (told.textContent = visit.cookie ? "knows its visitor" : "does not know its visitor"))
  .catch((error) => (told.textContent = `not answered: ${error.message}`));
"""

habit = ""
gates: dict[str, threading.Event] = {}
seen: list[str] = []


def gate(name: str) -> threading.Event:
    """The gate that holds the stream of that name."""
    return gates.setdefault(name, threading.Event())


class Answers(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.note()
        insecure = f"http://{self.headers['Host']}"
        match self.path:
            case _ if habit == "knows one host" and not self.headers["Host"].endswith(".hf.space"):
                self.answer(400, "Invalid host header")
            case "/" if habit == "redirect to http":
                self.answer(307, headers={"Location": f"{insecure}/home"})
            case "/" | "/home":
                self.answer(200, self.page(insecure), "text/html", self.page_headers())
            case "/app.js":
                self.answer(200, SCRIPT, "text/javascript")
            case "/api/visit":  # servers mend a slash so, and those that take themselves for http to http
                start = insecure if habit == "slash mended to http" else ""
                self.answer(307, headers={"Location": f"{start}/api/visit/"})
            case "/api/visit/":
                self.tell({"cookie": "visitor=yes" in self.headers.get("Cookie", "")})
            case "/openapi.json":
                self.tell({"openapi": "3.1.0", "paths": {"/api/visit/": {"get": {}}}})
            case "/seen":
                self.tell(seen)
            case "/ws" if self.headers.get("Upgrade", "").lower() == "websocket":
                self.echo()
            case _:
                self.answer(404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_OPTIONS(self) -> None:
        self.note()
        asked = self.headers.get("Access-Control-Request-Headers", "")
        self.answer(
            204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": asked,
            }
            if self.allowed()
            else {},
        )

    def do_POST(self) -> None:
        global habit  # noqa: PLW0603 - of the one Space
        self.note()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, name = self.path.partition("?")
        match path:
            case "/habit":
                habit = unquote(name)
                self.answer(204)
            case "/gate":
                gate(name).set()
                self.answer(204)
            case "/api/stream" if self.headers.get("Authorization") != TOKEN:
                self.answer(401)
            case "/api/stream":
                self.stream(gate(name))
            case _:
                self.answer(404)

    def stream(self, held: threading.Event) -> None:
        """Send one piece, and the other once the gate is open."""
        self.start(200, "text/plain", {"Transfer-Encoding": "chunked"})
        self.piece(b"first")
        if held.wait(PATIENCE):
            self.piece(b"second")
        self.piece(b"")

    def piece(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def echo(self) -> None:
        """Send a WebSocket's first message, of at most 125 bytes, back (RFC 6455)."""
        magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        digest = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + magic).encode()).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
        self.end_headers()
        head = self.rfile.read(6)
        mask, body = head[2:], self.rfile.read(head[1] & 127)
        plain = bytes(byte ^ mask[index % 4] for index, byte in enumerate(body))
        self.wfile.write(bytes([0x81, len(plain)]) + plain)
        self.close_connection = True

    def page(self, insecure: str) -> str:
        """The page, with what it loads and calls."""
        script = f"{insecure}/app.js" if habit.startswith("script by http") else "/app.js"
        visit = f"{insecure}/api/visit/" if habit.startswith("call by http") else "/api/visit/"
        return PAGE.format(script=script, visit="/api/visit" if habit == "slash mended to http" else visit)

    def page_headers(self) -> dict[str, str]:
        """What the page itself comes with."""
        cookie = COOKIES.get(habit, SOUND_COOKIE)
        return {**FRAMING.get(habit, {}), **({"Set-Cookie": f"visitor=yes; {cookie}"} if cookie else {})}

    def allowed(self) -> bool:
        return self.headers.get("Origin") == ALLOWED

    def note(self) -> None:
        seen.append(f"{self.command} {self.path}")

    def tell(self, what: object) -> None:
        self.answer(200, json.dumps(what), "application/json")

    def answer(
        self, status: int, body: str = "", kind: str = "text/plain", headers: dict[str, str] | None = None
    ) -> None:
        length = {"Content-Length": str(len(body.encode()))} if status != 204 else {}
        self.start(status, kind, {**length, **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    def start(self, status: int, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Vary", "Origin")
        if self.allowed():
            self.send_header("Access-Control-Allow-Origin", ALLOWED)
            self.send_header("Access-Control-Allow-Credentials", "true")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """The log is for what goes wrong."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    http.server.ThreadingHTTPServer(("0.0.0.0", 7860), Answers).serve_forever()
