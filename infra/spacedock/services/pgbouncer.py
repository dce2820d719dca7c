"""Postgres behind PgBouncer in transaction mode with TLS, as behind the host names of Neon with `-pooler`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from spacedock.services import postgres
from spacedock.services.hosts import pooler
from spacedock.services.hosts.base import HostedService
from spacedock.services.postgres import DATABASE, PostgresAccount

if TYPE_CHECKING:
    from testcontainers.core.network import Network

    from spacedock.images.supply import Supply
    from spacedock.runs import OpenRun
    from spacedock.services.base import Service

NAME = "pgbouncer"
_SERVER = "pgbouncer-server"  # a Postgres of its own: one of the manifest's runs beside it
PORT = 6432
PORTS = {"direct_url": postgres.PORT}
_HEADER = (
    f"pgbouncer: transaction mode, {pooler.CLIENTS} clients on {pooler.SERVERS} connections, "
    "no prepared statements, TLS without channel binding"
)


class Pooled:
    """A service made of two: the database, and the pooler in front of it, which `address` names."""

    name = NAME
    control = ""

    def __init__(self, database: Service, pooler: HostedService) -> None:
        self._database = database
        self._pooler = pooler
        self._stack = ExitStack()
        self.canaries = {"url": pooler.canaries["url"], "direct_url": database.canaries["url"]}

    @property
    def header(self) -> tuple[str, ...]:
        """The lines of both."""
        return (*self._pooler.header, *self._database.header)

    @property
    def address(self) -> str:
        """The pooler's."""
        return self._pooler.address

    @property
    def values(self) -> Mapping[str, str]:
        """`url` goes through the pooler, `direct_url` past it."""
        return self.values_at(self.address)

    def values_at(self, address: str) -> Mapping[str, str]:
        """The same where the pooler is reached at `address`; the way past it stays as it is."""
        return {"url": self._pooler.values_at(address)["url"], "direct_url": self._database.values["url"]}

    @property
    def local(self) -> Mapping[str, str]:
        """The same as the harness itself must use it."""
        return {"url": self._pooler.local["url"], "direct_url": self._database.local["url"]}

    def logs(self) -> str:
        """The database's, then the pooler's."""
        return self._database.logs() + self._pooler.logs()

    def __enter__(self) -> Self:
        """Start the database, then the pooler. Raises what either raises, and leaves nothing."""
        with ExitStack() as stack:
            stack.enter_context(self._database)
            stack.enter_context(self._pooler)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()


def in_container(network: Network, supply: Supply, run: OpenRun) -> Service:
    """Two containers; making the pooler's image may take a while, and happens here."""
    from testcontainers.core.container import DockerContainer

    from spacedock.services.hosts.container import ContainerHost

    server = PostgresAccount("require", name=_SERVER)
    account, image = _door(server), supply.program(NAME)
    upstream = f"{_SERVER}:{postgres.PORT}"
    text = pooler.settings(DATABASE, upstream, listen="*", port=PORT, upstream_tls=True)
    container = DockerContainer(image.tag).with_exposed_ports(PORT)
    for name, content in {**_files(account), pooler.SETTINGS: text.encode()}.items():
        container.with_copy_into_container(content, f"/pooler/{name}")
    host = ContainerHost(container, image=image, name=NAME, port=PORT, network=network, run=run)
    database = postgres.in_container(network, supply, run, server)
    return Pooled(database, HostedService(account, host, _HEADER, inside=f"{NAME}:{PORT}"))


def in_process(run: OpenRun) -> Service:
    """The embedded server and Debian's program, which has TLS where the server has none."""
    from spacedock.services.hosts.pooler import PoolerHost

    server = PostgresAccount("prefer", name=_SERVER)
    account = _door(server)
    database = postgres.in_process(run, server)
    host = PoolerHost(database, DATABASE, _files(account), run)
    return Pooled(database, HostedService(account, host, _HEADER))


def _door(server: PostgresAccount) -> PostgresAccount:
    """The server's account as the pooler's clients use it: PgBouncer 1.18 offers no channel binding."""
    return replace(server, security="require", binds=False, name=NAME)


def _files(account: PostgresAccount) -> dict[str, bytes]:
    import trustme

    certificate = trustme.CA().issue_cert(NAME)
    return {
        pooler.USERS: pooler.users(account.user, account.password).encode(),
        pooler.PEM: certificate.private_key_and_cert_chain_pem.bytes(),
    }
