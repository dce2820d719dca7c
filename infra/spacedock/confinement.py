"""What bounds every container of a run: its processes, its log, and who reaches its published ports."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from docker.errors import APIError
from docker.types import LogConfig
from testcontainers.core.config import ConnectionMode

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

    from spacedock.runs import OpenRun

PROCESSES = 4096  # of one container, threads among them
LOG_FILE, LOG_FILES = "8m", "2"  # what the engine keeps of a container's log, the older file first to go

_HERE = "127.0.0.1"
_LOCAL = frozenset({"localhost", _HERE, "::1"})
_NOT_ITS_OWN = "cannot assign requested address"  # what an engine says of an address that it does not have


def confined(run: OpenRun) -> dict[str, Any]:
    """Return the engine's options for any container of a run: whose it is, and its bounds."""
    log = LogConfig(type=LogConfig.types.JSON, config={"max-size": LOG_FILE, "max-file": LOG_FILES})
    return {"labels": run.labels, "pids_limit": PROCESSES, "log_config": log}


def start(container: DockerContainer) -> None:
    """Start it, its ports published for the harness alone: where the engine is here, on loopback.

    Of an engine elsewhere it is the address by which it is called, in case that is its own: behind a
    translation of addresses it is not, and the ports are published on all that the engine has. Raises what
    the engine raises.
    """
    address = _called(container)
    _publish(container, address)
    try:
        container.start()
    except APIError as error:
        if not address or _NOT_ITS_OWN not in str(error):
            raise
        container.get_wrapped_container().remove(force=True, v=True)
        _publish(container, "")
        container.start()


def _publish(container: DockerContainer, address: str) -> None:
    for port in container.ports:
        # docker-py takes more than testcontainers says: an address, for which the engine chooses a port.
        container.ports[port] = cast("int | None", (address,) if address else None)


def _called(container: DockerContainer) -> str:
    """Return the IPv4 address at which the harness meets published ports; empty where it is unknown.

    A harness in a container comes by the gateway of a network that is not there before the container is.
    """
    client = container.get_docker_client()
    if client.get_connection_mode() is not ConnectionMode.docker_host:
        return ""
    if (host := client.host()) in _LOCAL:
        return _HERE
    with suppress(OSError):
        return socket.gethostbyname(host)
    return ""
