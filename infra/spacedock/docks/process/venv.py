"""Virtual environments with a Space's packages, kept by content so that only the first run installs."""

from __future__ import annotations

import configparser
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import uv
from filelock import FileLock

from spacedock.docks.process.interpreter import Interpreter
from spacedock.docks.process.pip import Install
from spacedock.errors import SpaceBuildError
from spacedock.images.trust import Trust
from spacedock.progress import Say

_COMPLETE = ".spacedock-complete"  # written last: an environment without it was cut short
_LAYOUT = "1"  # to be raised when environments are made differently
_LOG_LINES = 20
# uv's settings that say how packages are reached; all others say which ones somebody wants.
_WHERE_FROM = (
    "UV_CACHE_DIR", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_HTTP", "UV_INDEX",
    "UV_INSECURE_HOST", "UV_KEYRING_PROVIDER", "UV_LINK_MODE", "UV_OFFLINE",
)  # fmt: skip
_EVERYBODY_READS = 0o022


def virtual_environment(cache: Path, python: Interpreter, installs: Sequence[Install], say: Say) -> Path:
    """Return the environment in which `installs` were done, made if there is none yet.

    Raises SpaceBuildError with uv's last lines when a package cannot be had.
    """
    folder = cache / _digest(python, installs)
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / _COMPLETE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _uv(["venv", "--no-config", "--python", str(python.path), str(folder)], say)
            for install in installs:
                _install(folder, install, say)
            (folder / _COMPLETE).touch()
    return folder


def _digest(python: Interpreter, installs: Sequence[Install]) -> str:
    parts = [_LAYOUT, str(python.path), python.version, *(install.digest() for install in installs)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


def _install(folder: Path, install: Install, say: Say) -> None:
    hashed = any(b"--hash=" in path.read_bytes() for path in install.files)
    _uv(
        [
            "pip", "install",
            "--python", str(folder / "bin" / "python"),
            "--index-strategy", "unsafe-best-match",  # as pip: the best version of all indexes
            "--compile-bytecode",  # or else every boot does: the Space's user may not write there
            *(["--require-hashes"] if hashed else []),
            *install.arguments,
        ],
        say,
    )  # fmt: skip


def _uv(arguments: list[str], say: Say) -> None:
    """Run uv, saying each of its lines."""
    lines: list[str] = []
    with subprocess.Popen(
        [uv.find_uv_bin(), *arguments],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        umask=_EVERYBODY_READS,
        text=True,
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            say(lines[-1])
    if process.returncode:
        raise SpaceBuildError(
            f"uv {' '.join(arguments[:2])} failed",
            remedy="correct the requirements, or make the package index reachable",
            log="\n".join(lines[-_LOG_LINES:]),
        )


def _environment() -> dict[str, str]:
    """Return the machine's environment without what it asks of uv for other projects, such as constraints."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("UV_") or name.startswith(_WHERE_FROM)
    }
    return {**_indexes(), **own, "UV_SYSTEM_CERTS": "true", "NO_COLOR": "1"}


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
