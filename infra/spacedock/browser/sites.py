"""The sites around a Space, served by this machine over TLS: a front end, somebody else's, huggingface.co."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import trustme

_PLAIN = "<!doctype html><title>A site</title><link rel=icon href=data:,>"
_POLL = 0.02  # seconds until the server notices that it is to end


@dataclass(frozen=True)
class Sites:
    """Where sites are served, and the authority that a client must trust, PEM."""

    hosts: tuple[str, ...]
    address: tuple[str, int]
    certificate: str


def framing(url: str) -> str:
    """The path of a page that shows `url` in a frame, as a Space's page at huggingface.co does."""
    return f"/?of={url}"


@contextmanager
def serving(*origins: str) -> Iterator[Sites]:
    """Serve a plain page at each of the origins, with a certificate for all of them."""
    authority = trustme.CA(organization_name="hf-spacedock, sites around a Space")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    hosts = tuple(urlsplit(origin).netloc for origin in origins)
    authority.issue_cert(*hosts).configure_cert(context)
    with _Server(("127.0.0.1", 0), _Page) as server:
        # The handshake is left to each connection's thread: a browser opens some that it does not use.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(_POLL,))
        thread.start()
        try:
            yield Sites(hosts, ("127.0.0.1", server.server_port), authority.cert_pem.bytes().decode())
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a browser leaves connections open
    block_on_close = False


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the page, and in its frame what the query names."""
        asked = parse_qs(urlsplit(self.path).query)
        frame = f'<iframe src="{asked["of"][0]}" width=600 height=400></iframe>' if "of" in asked else ""
        body = (_PLAIN + frame).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing: the browser tells what it saw."""
