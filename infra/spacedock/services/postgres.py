"""Postgres as on Neon: TLS only, SCRAM with channel binding. In a process, as much of that as a wheel can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spacedock import canary
from spacedock.services.hosts.base import HostedService

if TYPE_CHECKING:
    from testcontainers.core.network import Network

    from spacedock.images.supply import Supply
    from spacedock.runs import OpenRun
    from spacedock.services.base import Service

NAME = "postgres"
PORT = 5432
DATABASE = "postgres"  # is there from the start, another would have to be created

_PEM = "/tls/server.pem"
# The file arrives as root's, Postgres wants its key to be its own, and the image's entry point sheds root.
_COMMAND = f"""\
set -e
printf 'local all all trust\\nhostssl all all all scram-sha-256\\n' >/tls/pg_hba.conf
chown -R postgres /tls
chmod 700 /tls
exec bash /usr/local/bin/docker-entrypoint.sh postgres \\
  -c hba_file=/tls/pg_hba.conf -c ssl=on -c ssl_cert_file={_PEM} -c ssl_key_file={_PEM} \\
  -c fsync=off -c full_page_writes=off -c synchronous_commit=off
"""


@dataclass(frozen=True)
class PostgresAccount:
    """A role that owns its database. `security` is `require` where TLS is to be had, else `prefer`.

    `binds` says whether the URL asks for SCRAM that is bound to the TLS channel.
    """

    security: str
    binds: bool = True
    user: str = "space"
    password: str = field(default_factory=canary.fresh, repr=False)
    name: str = NAME

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        """The password; the rest of a URL is no secret."""
        return {"url": (self.password,), "short_url": (self.password,)}

    def values(self, address: str) -> Mapping[str, str]:
        """`url`, with the parameters that Neon gives it: drivers that trip over them shall trip here.

        `short_url` is the same with the scheme `postgres://`, as Heroku and others give it.
        """
        parameters = f"sslmode={self.security}"
        if self.binds:
            parameters += f"&channel_binding={self.security}"
        rest = f"{self.user}:{self.password}@{address}/{DATABASE}?{parameters}"
        return {"url": f"postgresql://{rest}", "short_url": f"postgres://{rest}"}

    def refusal(self, address: str) -> str | None:
        """Run a query."""
        import psycopg

        try:
            with psycopg.connect(self.values(address)["url"], connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            return str(error)
        return None

    def version(self, address: str) -> str:
        """`PostgreSQL 18.6`, as the server has it; empty of what is reached through a pooler, and is none."""
        import psycopg

        if not self.binds:
            return ""
        with psycopg.connect(self.values(address)["url"], connect_timeout=2) as connection:
            major, minor = divmod(connection.info.server_version, 10_000)
            return f"PostgreSQL {major}.{minor}"


def in_container(
    network: Network, supply: Supply, run: OpenRun, account: PostgresAccount | None = None
) -> Service:
    """The server in a container; finding its image may take a while, and happens here."""
    import trustme

    from spacedock.services.hosts.container import ContainerHost, told
    from spacedock.services.hosts.patient import PatientPostgres

    account, image = account or PostgresAccount("require"), supply.pinned(NAME)
    certificate = trustme.CA().issue_cert(account.name)
    container = (
        PatientPostgres(image.tag, username=account.user, password=account.password, dbname=DATABASE)
        .with_env("POSTGRES_INITDB_ARGS", "--no-sync")
        .with_env("PGDATA", "/pgdata")
        .with_tmpfs_mount("/pgdata")
        .with_copy_into_container(certificate.private_key_and_cert_chain_pem.bytes(), _PEM, 0o600)
        .with_command(["sh", "-c", _COMMAND])
    )
    host = ContainerHost(container, image=image, name=account.name, port=PORT, network=network, run=run)
    header = f"postgres: {told(image)}, TLS only"
    return HostedService(account, host, header, inside=f"{account.name}:{PORT}")


def in_process(run: OpenRun, account: PostgresAccount | None = None) -> Service:
    """An embedded server as a child process."""
    from spacedock.services.hosts.cluster import ClusterHost

    account = account or PostgresAccount("prefer")
    host = ClusterHost(account.user, account.password, run)
    header = f"postgres: embedded server {host.version}, built without TLS: sslmode=require is not shown here"
    return HostedService(account, host, header)
