"""PgBouncer in transaction mode: its settings wherever it runs, and its host as a child process."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from spacedock.errors import BootError
from spacedock.services.hosts.loopback import LoopbackHost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spacedock.runs import OpenRun
    from spacedock.services.base import Service

CLIENTS = 40  # connections that it takes; one more is refused
SERVERS = 4  # connections to the database, which all clients share

SETTINGS, USERS, PEM = "settings.ini", "users.txt", "server.pem"

_START = Path(__file__).parents[2] / "images" / "pgbouncer" / "start.sh"
_SYSTEM = "/usr/sbin"  # where Debian puts the program, and no user but root looks


def settings(database: str, upstream: str, *, listen: str, port: int, upstream_tls: bool) -> str:
    """The file SETTINGS. USERS and PEM are beside it; `upstream` is the server's `host:port`."""
    host, _, upstream_port = upstream.rpartition(":")
    values = {
        "listen_addr": listen,
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": USERS,
        "pool_mode": "transaction",
        "max_client_conn": CLIENTS,
        "default_pool_size": SERVERS,
        "ignore_startup_parameters": "",  # as on Neon: drivers that send others are refused
        "client_tls_sslmode": "require",
        "client_tls_cert_file": PEM,
        "client_tls_key_file": PEM,
        "server_tls_sslmode": "require" if upstream_tls else "disable",
    }
    lines = [f"{name} = {value}" for name, value in values.items()]
    head = ["[databases]", f"{database} = host={host} port={upstream_port}", "[pgbouncer]"]
    return "\n".join([*head, *lines]) + "\n"


def users(user: str, password: str) -> str:
    """The file USERS. SCRAM with a server needs the password itself."""
    return f'"{user}" "{password}"\n'


class PoolerHost(LoopbackHost):
    """Serves the program of this machine in front of a database that runs when `start` is called.

    SIGQUIT ends it at once, clients or no clients. Raises BootError where the program is missing.
    """

    listening = "listening on 127.0.0.1"

    def __init__(self, database: Service, name: str, files: Mapping[str, bytes], run: OpenRun) -> None:
        super().__init__(run)
        self._database = database
        self._name = name
        self._files = files
        self._path = f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}"
        if shutil.which("pgbouncer", path=self._path) is None:
            raise BootError(
                "the program pgbouncer, which is no Python package, is not on PATH",
                remedy="apt-get install pgbouncer, or use `--dock=image`",
            )

    def start(self) -> None:
        """Lay out its files and run it."""
        folder = Path(tempfile.mkdtemp(prefix="pgbouncer-", dir=self._run.folder))
        for name, content in self._files.items():
            (folder / name).write_bytes(content)
        shutil.copy(_START, folder / _START.name)  # where whom it runs as can read it
        self._give(folder, *folder.iterdir())
        self._serve(folder, lambda port: self._command(folder, port))

    def _command(self, folder: Path, port: int) -> list[str]:
        address = self._database.address
        text = settings(self._name, address, listen="127.0.0.1", port=port, upstream_tls=False)
        (folder / SETTINGS).write_text(text)
        return ["env", f"PATH={self._path}", "sh", _START.name, SETTINGS]
