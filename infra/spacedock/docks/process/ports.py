"""The ports of this machine, which instances without a container share with everybody else."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress

import psutil

from spacedock.errors import BootError


def require_free(port: int) -> None:
    """Raise BootError, naming who listens there as far as it can be known, unless `port` can be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return  # the Space meets it too, and its log says so
        else:
            return
    raise BootError(
        f"port {port}, which the Space is to listen on, is taken by {_holder(port)}",
        remedy="stop that process; or use --dock=image, where each instance has ports of its own",
    )


def _holder(port: int) -> str:
    with suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr[-1:] == (port,) and connection.pid:
                process = psutil.Process(connection.pid)
                return f"`{process.name()}` (pid {process.pid})"
    return "a process of another user"
