"""Tiny Spaces whose server is a few lines of the standard library, each with one habit."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

from spacedock.space import Space, read_space

IMPORTS = """\
import http.server, json, os, signal, socket, sys, threading, time
"""

SERVER = """\
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        found = {"environment": dict(os.environ), "uid": os.getuid(), "env_file": os.path.exists(".env"),
                 "files": sorted(os.listdir(".")), "home": os.access(os.environ["HOME"], os.W_OK)}
        body = json.dumps(found).encode()
        self.send_response(503)  # any status is an answer
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
"""

SERVES = "http.server.ThreadingHTTPServer(({host!r}, {port}), Answers).serve_forever()\n"


def serving(port: int | str, *, host: str = "0.0.0.0", before: str = "") -> str:
    """Return a server that listens on `port` (a number or an expression) once `before` has run."""
    return IMPORTS + SERVER + before + SERVES.format(host=host, port=port)


def doing(script: str) -> str:
    """Return an app that is no server."""
    return IMPORTS + script


def space_of(
    folder: Path,
    app: str,
    *,
    port: int,
    manifest: str = "",
    dockerfile: str = "",
    files: Mapping[str, str] | None = None,
) -> Space:
    """Return a Space that runs `app` and says that it listens on `port`."""
    parts = {
        "app.py": app,
        "README.md": f"---\ntitle: A Space\nsdk: docker\napp_port: {port}\n---\n",
        "Dockerfile": dockerfile
        or 'FROM python:3.11-slim\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n',
        "space.toml": manifest,
        **(files or {}),
    }
    for name, text in parts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_space(folder)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


ASKING = """
import urllib.request

class Asks(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            answer = urllib.request.urlopen(urllib.request.Request(
                os.environ["OPENAI_BASE_URL"] + "/models",
                headers={"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]},
            ), timeout=30)
            found = answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            found = str(error.code)
        except OSError as error:
            found = type(getattr(error, "reason", error)).__name__
        self.send_response(200)
        self.end_headers()
        self.wfile.write(found.encode())
    def log_message(self, *words):
        pass

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
"""
ASKING_MANIFEST = """
[secrets]
OPENAI_API_KEY = { from = "openai.api_key" }
[dock.variables]
OPENAI_BASE_URL = { from = "openai.base_url" }
"""


def asking(port: int) -> str:
    """Return a server that asks OpenAI on each request, and answers with what it met."""
    return IMPORTS + ASKING + f"http.server.ThreadingHTTPServer(('0.0.0.0', {port}), Asks).serve_forever()\n"
