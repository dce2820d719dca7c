"""The network of a run: Space, services and edge, with addresses as the platform's own."""

from __future__ import annotations

import secrets
from contextlib import suppress
from ipaddress import IPv4Network, ip_network
from typing import Self

from docker.errors import APIError, DockerException
from docker.types import IPAMConfig, IPAMPool
from testcontainers.core.network import Network

from spacedock import platform
from spacedock.runs import OpenRun

_PREFIX = 24  # bits: some 120 containers, and as many addresses for bays
_TRIES = 5  # to find addresses that no other network of the engine has


class RunNetwork(Network):
    """A network in `platform.EDGE_NETWORK`, so that a Space that trusts its callers there trusts the edge.

    Where the engine has none to give there, or gives such addresses by itself, it chooses. The connection to
    it is closed with the network.
    """

    def __init__(self, run: OpenRun) -> None:
        super().__init__(docker_network_kw={"labels": run.labels})
        self.name = run.name("network")
        self._free = ""

    @property
    def free(self) -> str:
        """The part of it that the engine gives to no container; empty where the engine chose the network."""
        return self._free

    def create(self) -> Self:
        """Make it. Raises what the engine raises."""
        for _ in range(0 if self._gives_them_itself() else _TRIES):
            with suppress(APIError):  # the addresses are taken
                subnet = _anywhere()
                given, free = subnet.subnets()
                pool = IPAMPool(subnet=str(subnet), iprange=str(given))
                settings = {**self._docker_network_kw, "ipam": IPAMConfig(pool_configs=[pool])}
                self._network = self._docker.client_networks_create(self.name, settings)
                self._free = str(free)
                return self
        return super().create()

    def _gives_them_itself(self) -> bool:
        """Whether the engine was told to: its packet filter may let no others pass."""
        pools = self._docker.client.info().get("DefaultAddressPools") or ()
        whole = IPv4Network(platform.EDGE_NETWORK.value)
        bases = [ip_network(pool["Base"]) for pool in pools]
        return any(isinstance(base, IPv4Network) and base.subnet_of(whole) for base in bases)

    def remove(self) -> None:
        """Remove it, however often this is called."""
        with suppress(DockerException):
            super().remove()
        self._docker.client.close()


def _anywhere() -> IPv4Network:
    whole = IPv4Network(platform.EDGE_NETWORK.value)
    number = secrets.randbelow(2 ** (_PREFIX - whole.prefixlen))
    return IPv4Network((int(whole.network_address) + (number << (32 - _PREFIX)), _PREFIX))
