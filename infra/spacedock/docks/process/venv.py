"""Virtual environments with a Space's packages, kept by content so that only the first run installs.

A package may run code of its own while it is installed, and each start of the environment's Python may run it
too: all of that is a stranger's, runs as one, and finds of the caller's environment what is named here.
"""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import uv
from filelock import FileLock

from spacedock import nobody
from spacedock.docks.process.bubblewrap import Quarters
from spacedock.docks.process.interpreter import Interpreter
from spacedock.docks.process.kept import Kept
from spacedock.docks.process.pip import Install
from spacedock.errors import FullDiskError, SpaceBuildError, says_that_it_is_full
from spacedock.images.trust import Trust
from spacedock.progress import Say

_LAYOUT = "2"  # to be raised when environments are made differently
_LOG_LINES = 20
_LINE = 4096  # bytes; a longer one is told in parts
_ROOM = 16 << 20  # bytes; a disk with less is full to who meets its end
# What the system says to a program in Rust: ENOSPC and EDQUOT, of Linux and of macOS.
_UVS_OWN = re.compile(r"\(os error (?:28|122|69)\)$")
_LIMIT = 1800.0  # seconds for one command: a package's build may wait for ever
# What the installer is given: no token of any service is among it. Addresses of proxies and indexes may hold
# a password of their own, so that they are never given to the Space itself.
_ALLOWED = frozenset({
    "ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "LANG", "NO_PROXY", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE",
    "TZ", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_HTTP_TIMEOUT", "UV_INDEX",
    "UV_INDEX_URL", "UV_INSECURE_HOST", "UV_LINK_MODE", "UV_OFFLINE",
})  # fmt: skip
_LOWER = frozenset(name.lower() for name in _ALLOWED if name.endswith("_PROXY"))


@dataclass(frozen=True)
class Installing:
    """Where packages are installed: a folder for what that needs meanwhile, and who does it there."""

    folder: Path
    quarters: Quarters
    sources: tuple[Path, ...] = ()  # the Space's own packages, which are built where they lie

    @contextmanager
    def opened(self, *products: Path) -> Iterator[_Installer]:
        """Make the folder, and the products' too; leaving ends what still runs, and takes all of it back."""
        for folder in (self.folder, self.folder / "home", self.folder / "tmp", *products):
            folder.mkdir(parents=True)
            nobody.give(folder, self.quarters.user)
        program = str(shutil.copy2(uv.find_uv_bin(), self.folder))  # its own folder may be closed to others
        try:
            yield _Installer(program, self, products)
        finally:
            if user := self.quarters.user:
                nobody.end_all(user)
                for folder in products:
                    _take_back(folder, user)
            shutil.rmtree(self.folder, ignore_errors=True)


def virtual_environment(
    cache: Path, python: Interpreter, installs: Sequence[Install], installing: Installing, say: Say
) -> Path:
    """Return the environment in which `installs` were done, made if there is none yet.

    Raises SpaceBuildError with uv's last lines when a package cannot be had, FullDiskError where there is no
    room for it.
    """
    folder = cache / _digest(python, installs)
    complete = folder.with_suffix(".complete")  # written last, where no package can: else it was cut short
    with FileLock(folder.with_suffix(".lock")):
        if not (complete.exists() and folder.is_dir()):
            complete.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            with installing.opened(folder) as installer:
                installer.run(["venv", "--no-config", "--python", str(python.path), str(folder)], say)
                for install in installs:
                    workdir = install.workdir if install.local else None
                    installer.run(_arguments(folder, install), say, workdir)
            complete.touch()
    return folder


def _digest(python: Interpreter, installs: Sequence[Install]) -> str:
    parts = [_LAYOUT, str(python.path), python.version, *(install.digest() for install in installs)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


def _arguments(folder: Path, install: Install) -> list[str]:
    return [
        "pip", "install", "--no-config",
        "--python", str(folder / "bin" / "python"),
        "--index-strategy", "unsafe-best-match",  # as pip: the best version of all indexes
        "--compile-bytecode",  # or else every boot does: the Space's user may not write there
        *(["--require-hashes"] if install.hashed else []),
        *install.arguments,
    ]  # fmt: skip


@dataclass(frozen=True)
class _Installer:
    """Runs uv as a stranger, since the packages' own code runs with it."""

    program: str
    installing: Installing
    products: tuple[Path, ...]

    def run(self, arguments: list[str], say: Say, workdir: Path | None = None) -> None:
        """Run uv, saying each of its lines; in `workdir` where that matters."""
        place = self.installing.folder
        lines: deque[str] = deque(maxlen=_LOG_LINES)
        ends = time.monotonic() + _LIMIT
        with (
            Kept(
                [self.program, *arguments],
                folder=workdir or place,
                environment=environment(place, os.environ),
                run_as=self.installing.quarters.around(place, *self.installing.sources, *self.products),
                output=subprocess.PIPE,
            ) as kept,
            _ended_after(_LIMIT, kept),
        ):
            while line := kept.output.readline(_LINE):
                lines.append(line.decode(errors="replace").rstrip())
                say(lines[-1])
            kept.ended(_LIMIT)
        if kept.exit_code():
            _require_room(place, lines)
            why = "failed" if time.monotonic() < ends else f"did not end within {_LIMIT:g} s"
            raise SpaceBuildError(
                f"uv {' '.join(arguments[:2])} {why}",
                remedy="correct the requirements, or make the package index reachable",
                log="\n".join(lines),
            )


def _require_room(place: Path, lines: Iterable[str]) -> None:
    """Raise FullDiskError where uv itself met a full disk: a package's own code may say so of any other."""
    said = next(filter(_UVS_OWN.search, lines), "")
    full = shutil.disk_usage(place).free < _ROOM and says_that_it_is_full("\n".join(lines))
    if said or full:
        raise FullDiskError(
            "the disk is full on which packages are installed",
            path=place,
            remedy="make room on that disk",
            log="\n".join(lines),
        )


def environment(place: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return what installing finds in its environment: how packages are reached, and folders of its own."""
    own = {name: value for name, value in given.items() if name in _ALLOWED | _LOWER}
    folders = {"HOME": place / "home", "TMPDIR": place / "tmp", "UV_CACHE_DIR": place / "cache"}
    return {
        **_indexes(),
        **own,
        **{name: str(path) for name, path in folders.items()},
        "UV_SYSTEM_CERTS": "true",
        "NO_COLOR": "1",
    }


@contextmanager
def _ended_after(seconds: float, kept: Kept) -> Iterator[None]:
    timer = Timer(seconds, kept.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _take_back(folder: Path, user: int) -> None:
    """Make root's what its stranger made: nobody changes it any more. None of its processes is left."""
    nobody.take(folder, user)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            nobody.take(Path(place, name), user)


def _indexes() -> dict[str, str]:
    """Return where pip on this machine installs from; uv does not read pip's settings."""
    settings = configparser.ConfigParser(interpolation=None)
    settings.read_string(Trust.of_this_host().pip_conf)
    found = settings["global"]
    names = {
        "UV_DEFAULT_INDEX": "index-url",
        "UV_INDEX": "extra-index-url",
        "UV_INSECURE_HOST": "trusted-host",
    }
    return {variable: found[key] for variable, key in names.items() if key in found}
