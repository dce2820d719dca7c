"""An edge made of nginx, in a container beside the Space."""

from __future__ import annotations

import re
import secrets
import socket
import ssl
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import httpx
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import get_docker_host

from spacedock import platform
from spacedock.confinement import reached_at
from spacedock.edge.base import COMES_AS, MEMBERS_TOKEN, VISITOR, HostForm, Manner
from spacedock.edge.certificates import Certificates
from spacedock.edge.transport import EdgeTransport, trusting
from spacedock.errors import EngineError
from spacedock.services.hosts.base import HostedService, versioned
from spacedock.services.hosts.container import ContainerHost, told

if TYPE_CHECKING:
    from testcontainers.core.network import Network

    from spacedock.images.supply import Image, Supply
    from spacedock.runs import OpenRun

_TEMPLATE = Path(__file__).with_name("nginx.conf")
_FOLDER = "/edge"
_CONFIGURATION, _PEM = f"{_FOLDER}/nginx.conf", f"{_FOLDER}/edge.pem"
_DATED = f"{_FOLDER}/dated.conf"
# Which words for HTTP/2 an nginx knows, it says itself: whatever the name of its image (Debian 12 has 1.22).
_START = (
    f"nginx -v; nginx -q -t -c {_CONFIGURATION} 2>/dev/null || exec nginx -c {_DATED}; "
    f"exec nginx -c {_CONFIGURATION}"
)
_VERSION = re.compile(r"nginx/[\d.]+")
_EXPOSE = "access-control-expose-headers"  # the only one of the added headers that is CORS
_LOOPBACK = "127.0.0.1"
_USER = "65534:65534"  # nobody: nothing of it needs more
_A_MEMBER = "Bearer hf_ofAMember"
_TIMEOUT_SECONDS = 30.0  # of a client, for one answer; a Space may take its time

# Inside its container; what is published elsewhere, the engine says.
_PORTS: Mapping[tuple[Manner, HostForm], int] = {
    (manner, host): 8441 + number
    for number, (manner, host) in enumerate((manner, host) for manner in Manner for host in HostForm)
}


@dataclass(frozen=True)
class Site:
    """What an edge stands in front of; `upstream` is the Space's `host:port` in the network of the run."""

    space_id: str
    upstream: str
    private: bool = False

    @property
    def host(self) -> str:
        """`OWNER-NAME.hf.space`."""
        return platform.space_host(self.space_id)

    def configuration(self, replica: str, *, dated: bool) -> str:
        """The text of its nginx.conf; `replica` is the name that the platform gives a running container.

        A `dated` nginx is older than 1.25.1, where `http2` became a directive of its own.
        """
        ports = {f"{manner}_{host}": str(port) for (manner, host), port in _PORTS.items()}
        return _Template(_TEMPLATE.read_text()).substitute(
            ports,
            host=self.host,
            internal_host=platform.INTERNAL_HOST.value,
            upstream=self.upstream,
            visitor=VISITOR,
            comes_as=COMES_AS,
            comes_as_value=_variable(COMES_AS),
            members_token=MEMBERS_TOKEN,
            members_token_value=_variable(MEMBERS_TOKEN),
            strangers=self._strangers(),
            private=str(platform.PRIVATE_STATUS.value),
            private_text=platform.PRIVATE_TEXT.value,
            http2_parameter=" http2" if dated else "",
            http2_directive="" if dated else "http2 on;",
            pem=_PEM,
            preflight_seconds=str(platform.EDGE_PREFLIGHT_MAX_AGE.value),
            preflight=str(platform.EDGE_PREFLIGHT_STATUS.value),
            away=str(platform.EDGE_AWAY_STATUS.value),
            vary=platform.EDGE_HEADER_VALUES.value["vary"],
            expose=platform.EDGE_HEADER_VALUES.value[_EXPOSE],
            proxied=self._proxied(replica),
        )

    def _strangers(self) -> str:
        """Who is one: whoever calls a private Space by its own name and shows no token of Hugging Face."""
        host = re.escape(self.host)
        return rf"{'':8}'~*^{host}(:\d+)? (?!.*\bbearer hf_)' yes;" if self.private else ""

    def _proxied(self, replica: str) -> str:
        """What is added to every answer of the Space, whatever is done about CORS."""
        values = {
            **platform.EDGE_HEADER_VALUES.value,
            "x-proxied-host": f"http://{self.upstream.rpartition(':')[0]}",
            "x-proxied-replica": replica,
            "x-proxied-path": "$request_uri",
            "x-request-id": "$edge_id",
        }
        told = {name: values[name] for name in platform.EDGE_HEADERS.value if name != _EXPOSE}
        told = {name: value.replace("{space_id}", self.space_id) for name, value in told.items()}
        return "\n".join(f"{'':12}add_header {name} '{value}' always;" for name, value in told.items())


def _variable(header: str) -> str:
    """Return what nginx calls the value of a request's header."""
    return f"$http_{header.lower().replace('-', '_')}"


class _Template(string.Template):
    delimiter = "%"  # `$` is nginx's own


class NginxEdge:
    """The proxy in front of one Space. A context manager: entering starts it and waits until it answers."""

    def __init__(self, site: Site, network: Network, supply: Supply, run: OpenRun) -> None:
        image = supply.pinned("edge")
        self._container = _container(site, image).with_network(network)
        certificates = Certificates.made_for(site.host, *_ways_in(self._container))
        self._container.with_copy_into_container(certificates.server, _PEM)
        self.certificate = certificates.authority
        self.pin = certificates.pin
        self.url = f"https://{site.host}"
        self.header = f"edge: {told(image)}"
        self._site = site
        self._ports: dict[int, int] = {}  # as they are published
        self._host = ContainerHost(
            self._container,
            image=image,
            name=f"edge-{secrets.token_hex(3)}",  # there may be several
            port=next(iter(_PORTS.values())),
            network=network,
            run=run,
            user=_USER,
        )
        self._service = HostedService(
            _Door(site.host, self.certificate), self._host, self.header, ended=EngineError
        )

    @property
    def container(self) -> str:
        """The container's id."""
        return self._container.get_container_id()

    def address(self, manner: Manner, host: HostForm = HostForm.PUBLIC) -> tuple[str, int]:
        """Host and port where the harness reaches it, or did while it ran: the engine may be elsewhere."""
        name = self._container.get_container_host_ip()
        # A published port has a number of its own in IPv6, which may be another container's in IPv4.
        name = _LOOPBACK if name == "localhost" else name
        return name, self._ports[_PORTS[manner, host]]

    def browser_url(self, manner: Manner) -> str:
        """An address that a browser on this machine can open."""
        name, port = self.address(manner)
        return f"https://{'localhost' if name == _LOOPBACK else name}:{port}"

    def client(self, manner: Manner, host: HostForm = HostForm.PUBLIC) -> httpx.Client:
        """A client with `url` as its base; to be closed by the caller."""
        transport = EdgeTransport(self._site.host, self.address(manner, host), self.certificate)
        return httpx.Client(
            base_url=self.url,
            transport=transport,
            headers={MEMBERS_TOKEN: _A_MEMBER} if self._site.private else {},
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )

    def logs(self) -> str:
        """What was asked and answered, without queries, and what went wrong."""
        return self._service.logs()

    def close(self) -> None:
        """Remove the container, however it stands and however often this is called."""
        self._host.end()

    def __enter__(self) -> Self:
        """Start it, and leave nothing where it does not answer.

        Raises BootError with its last lines then, and EngineError where it was ended meanwhile, as it is told
        of one that has answered before.
        """
        self._service.__enter__()
        if found := _VERSION.search(self.logs()):
            self.header = versioned(self.header, found[0])
        self._ports = {port: int(self._container.get_exposed_port(port)) for port in _PORTS.values()}
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _container(site: Site, image: Image) -> DockerContainer:
    replica = f"{secrets.token_hex(4)}-{secrets.token_hex(3)[:5]}"
    return (
        DockerContainer(image.tag)
        .with_exposed_ports(*_PORTS.values())
        .with_copy_into_container(site.configuration(replica, dated=False).encode(), _CONFIGURATION)
        .with_copy_into_container(site.configuration(replica, dated=True).encode(), _DATED)
        .with_command(["sh", "-c", _START])
    )


def _ways_in(container: DockerContainer) -> Iterator[str]:
    """Yield what somebody at this machine may call the engine's host."""
    yield from ("localhost", _LOOPBACK)
    if name := urlsplit(get_docker_host() or "").hostname:
        yield name
    if address := reached_at(container):
        yield address


@dataclass(frozen=True)
class _Door:
    """Its account: whoever trusts the certificate may come in."""

    host: str
    certificate: str
    name: str = "the edge"
    canaries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def values(self, address: str) -> Mapping[str, str]:
        return {"address": address}

    def refusal(self, address: str) -> str | None:
        """Why no TLS connection came about, None when one did."""
        name, _, port = address.rpartition(":")
        context = trusting(self.certificate)
        try:
            with socket.create_connection((name, int(port)), timeout=2) as plain:
                context.wrap_socket(plain, server_hostname=self.host).close()
        except (OSError, ssl.SSLError) as error:
            return f"TLS handshake: {error!r}"
        return None
