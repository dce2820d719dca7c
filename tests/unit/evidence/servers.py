"""Servers on loopback that do to whoever asks them what a test says, byte by byte."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

Serves = Callable[["Visit"], None]
OK = b"HTTP/1.1 200 OK\r\n"


class Visit:
    """One connection, from the server's side; `number` counts them from 1."""

    def __init__(self, connection: socket.socket, number: int, over: threading.Event) -> None:
        self._connection = connection
        self.number = number
        self._over = over

    def request(self) -> bytes:
        """Read a request, return its head; empty where the client has hung up."""
        head = b""
        while not head.endswith(b"\r\n\r\n") and (byte := self._connection.recv(1)):
            head += byte
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        # What nobody has read turns a connection's end into a reset.
        left = int(length[1]) if length else 0
        while left and (data := self._connection.recv(left)):
            left -= len(data)
        return head

    def say(self, *parts: bytes) -> None:
        self._connection.sendall(b"".join(parts))

    def drip(self, part: bytes) -> None:
        """Say it again and again, a little apart, until nobody listens any more."""
        while not self._over.wait(0.01):
            self.say(part)

    def pour(self, part: bytes) -> None:
        while not self._over.is_set():
            self.say(part)

    def reset(self) -> None:
        """Close with RST, as a process that is killed does."""
        linger = b"\x01\0\0\0\0\0\0\0"
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._connection.close()


class Server:
    """Serves each connection in a thread. A context manager."""

    def __init__(self, serves: Serves, context: ssl.SSLContext | None = None) -> None:
        self._serves = serves
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._connections: list[socket.socket] = []
        self.address: tuple[str, int] = self._listener.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self.visits = 0

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        for open_ in (self._listener, *self._connections):
            with suppress(OSError):
                socket.socket.shutdown(open_, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.visits += 1
                self._connections.append(connection)
                visit = threading.Thread(target=self._visit, args=(connection, self.visits))
                self._threads.append(visit)
                visit.start()

    def _visit(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._connections.append(connection)
            with connection:
                self._serves(Visit(connection, number, self._over))
