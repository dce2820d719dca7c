"""Where the harness reaches a port of a container: the engine may be elsewhere."""

from __future__ import annotations

from docker.errors import APIError
from testcontainers.core.container import DockerContainer


def published(container: DockerContainer, port: int) -> tuple[str, int] | None:
    """Return host and port as the engine publishes them; None where the container is dead already."""
    client = container.get_docker_client()
    host = container.get_container_host_ip()
    # A published port has a number of its own in IPv6, which may be another container's in IPv4.
    host = "127.0.0.1" if host == "localhost" else host
    if not client.get_connection_mode().use_mapped_port:
        return host, port
    try:
        return host, int(client.port(container.get_container_id(), port))
    except (ConnectionError, APIError):
        return None
