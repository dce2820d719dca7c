"""A Space that tells what it is sent, of the standard library only.

SIGUSR1 has it leave its port, SIGUSR2 come back.
"""

from __future__ import annotations

import http.server
import json
import signal
import sys
import threading
from typing import Any

PORT = 8080
PATIENCE = 60.0  # seconds that a stream waits for its gate
OWN = {"Access-Control-Allow-Origin": "https://mine.example", "Access-Control-Expose-Headers": "X-Mine"}

gates: dict[str, threading.Event] = {}
uploaded: dict[str, int] = {}
away, back = threading.Event(), threading.Event()


def gate(name: str) -> threading.Event:
    """The gate that holds the stream of that name."""
    return gates.setdefault(name, threading.Event())


class Answers(http.server.BaseHTTPRequestHandler):
    """One connection. What follows `?` names a gate or an upload."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, name = self.path.partition("?")
        match path:
            case "/events":
                self.events(gate(name))
            case "/uploaded":
                self.tell(uploaded.get(name, 0))
            case "/broken":
                self.tell("its own", status=502)
            case "/wordy":
                self.tell("", headers={"X-Wordy": "w" * 30_000, "X-Request-ID": "mine"})
            case "/internal":
                self.tell("", headers={"X-Accel-Redirect": "/elsewhere", "X-Accel-Buffering": "no"})
            case "/redirect":
                self.tell("", status=307, headers={"Location": f"https://{self.headers['Host']}/home"})
            case "/ws":
                self.echo()
            case _:
                self.tell_request()

    def do_OPTIONS(self) -> None:
        self.tell_request()

    def do_POST(self) -> None:
        path, _, name = self.path.partition("?")
        if path == "/gate":
            gate(name).set()
            self.tell("open")
        else:
            self.tell(self.upload(name))

    def tell_request(self) -> None:
        """Answer with the request as it arrived."""
        seen = {
            "method": self.command,
            "path": self.path,
            "peer": self.client_address[0],
            "version": self.request_version,
            "headers": [[name.lower(), value] for name, value in self.headers.items()],
        }
        self.tell(seen, headers=OWN)

    def tell(self, what: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def events(self, held: threading.Event) -> None:
        """Send one event, and the other once the gate is open."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.piece(b"data: first\n\n")
        if held.wait(PATIENCE):
            self.piece(b"data: second\n\n")
        self.piece(b"")

    def piece(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def upload(self, name: str) -> int:
        """Read a body in chunks, or of a known length, and keep count while it comes."""
        uploaded[name] = 0
        if length := self.headers.get("Content-Length"):
            while uploaded[name] < int(length):
                uploaded[name] += len(self.rfile.read(min(2**20, int(length) - uploaded[name])))
            return uploaded[name]
        while size := int(self.rfile.readline(), 16):
            uploaded[name] += len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return uploaded[name]

    def echo(self) -> None:
        """Take an upgrade, and send every byte back: what a frame is does not matter to an edge."""
        self.send_response(101)
        self.send_header("Upgrade", self.headers["Upgrade"])
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        while data := self.connection.recv(2**16):
            self.connection.sendall(data)
        self.close_connection = True

    def log_message(self, *_: object) -> None: ...


class Server(http.server.ThreadingHTTPServer):
    """A server that can take its port again at once."""

    daemon_threads = True
    allow_reuse_address = True


signal.signal(signal.SIGUSR1, lambda *_: away.set())
signal.signal(signal.SIGUSR2, lambda *_: back.set())
signal.signal(signal.SIGTERM, signal.SIG_DFL)
while True:
    with Server(("0.0.0.0", PORT), Answers) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        while not away.wait(0.05):
            pass
        server.shutdown()
    sys.stdout.write("away\n")
    away.clear()
    while not back.wait(0.05):
        pass
    back.clear()
