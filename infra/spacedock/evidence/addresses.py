"""Where the secrets and variables of a manifest point to, as far as it says so, before any boot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from spacedock import platform
from spacedock.docks.alongside import service_module
from spacedock.space import Space
from spacedock.space.manifest import Secret, Variable

# IANA's port of each scheme, or that of the product which made it up.
_PORTS = {
    "amqp": 5672,
    "amqps": 5671,
    "http": 80,
    "https": 443,
    "imap": 143,
    "imaps": 993,
    "ldap": 389,
    "ldaps": 636,
    "mariadb": 3306,
    "mongodb": 27017,
    "mysql": 3306,
    "nats": 4222,
    "pop3": 110,
    "pop3s": 995,
    "postgres": 5432,
    "postgresql": 5432,
    "redis": 6379,
    "rediss": 6379,
    "smtp": 25,
    "smtps": 465,
    "submission": 587,
    "submissions": 465,
    "ws": 80,
    "wss": 443,
}
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9]*)(\+[a-z0-9.+-]+)?://(?P<place>[^/?#\s]+)", re.IGNORECASE)
_PLACE = re.compile(r"(?P<host>\[[0-9a-f:.%]+\]|[^:\[\]]+)(:(?P<port>\d{1,5}))?", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """Where a secret or variable points to."""

    name: str
    host: str
    port: int

    @property
    def closed_by_the_documentation(self) -> bool:
        """Whether the platform's documentation says that the port is closed."""
        return self.port not in platform.EGRESS_OPEN_PORTS.value

    @property
    def closed_by_all_accounts(self) -> bool:
        """Whether it was seen to be, too."""
        return self.closed_by_the_documentation and self.port in platform.EGRESS_DROPPED_PORTS.value

    @property
    def ipv6_only(self) -> bool:
        """Whether it cannot be reached without IPv6, as far as the host itself tells."""
        if any(re.fullmatch(pattern, self.host) for pattern in platform.IPV6_ONLY_HOSTS.value):
            return True
        return isinstance(_literal(self.host), IPv6Address)

    def __str__(self) -> str:
        return f"{self.name} points at port {self.port} of {self.host}"


def addresses(space: Space) -> tuple[Address, ...]:
    """Return where each secret and variable points to that is a URL, its own machine left out."""
    manifest = space.manifest
    items: dict[str, Secret | Variable] = {**manifest.secrets, **manifest.variables}
    found: list[Address] = []
    for name, item in items.items():
        if item.source:
            found += _supplied(name, item.source)
    for name, variable in manifest.variables.items():
        found += _written(name, variable.value or "")
    return tuple(address for address in found if not _here(address.host))


def _supplied(name: str, source: str) -> Iterator[Address]:
    """By its service a value is known before it is there; services call URLs what is one."""
    service, _, key = source.partition(".")
    if key.endswith("url"):
        module = service_module(service)
        ports: dict[str, int] = getattr(module, "PORTS", {})
        yield Address(name, service, ports.get(key, module.PORT))


def _written(name: str, value: str) -> Iterator[Address]:
    """The URL may name several hosts, as those of MongoDB do."""
    if url := _URL.match(value.strip()):
        default = _PORTS.get(url["scheme"].lower())
        for place in url["place"].rpartition("@")[2].split(","):
            if (parts := _PLACE.fullmatch(place)) and (port := int(parts["port"] or default or 0)):
                yield Address(name, parts["host"].strip("[]").lower(), port)


def _here(host: str) -> bool:
    literal = _literal(host)
    return host == "localhost" or (literal is not None and literal.is_loopback)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
