"""What bounds every container of a run: its processes, its log, and who reaches its published ports."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_network
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

    A harness in a container comes by the gateway of the container's network, and to an engine elsewhere by
    the address by which it is called. Behind a translation of addresses that is not its own: there the ports
    are published on all that the engine has. Raises what the engine raises.
    """
    address = reached_at(container)
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


def reached_at(container: DockerContainer) -> str:
    """Return the IPv4 address at which the harness meets published ports; empty where it is unknown."""
    client = container.get_docker_client()
    mode = client.get_connection_mode()
    if mode is ConnectionMode.gateway_ip:
        return _gateway(container)
    if mode is ConnectionMode.bridge_ip:
        return _HERE  # it comes to the container itself
    if (host := client.host()) in _LOCAL:
        return _HERE
    with suppress(OSError):
        return socket.gethostbyname(host)
    return ""


def _gateway(container: DockerContainer) -> str:
    network = getattr(container, "_network", None)
    if network is None:
        return ""
    known = container.get_docker_client().client.networks.get(network.name).attrs["IPAM"]["Config"] or ()
    return next(filter(None, map(gateway_of, known)), "")


def gateway_of(part: Mapping[str, str]) -> str:
    """Return the IPv4 address of the engine's machine in a part of a network; empty in one of IPv6.

    Where the engine was given the addresses it does not tell that it takes the first one.
    """
    subnet = ip_network(part["Subnet"])
    return (part.get("Gateway") or str(next(subnet.hosts()))) if subnet.version == 4 else ""
