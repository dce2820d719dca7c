"""One run of the harness: its identity, its scratch folder, and what it must not leave behind.

A run holds an OS file lock for as long as its process lives, however that ends. A run whose lock is free is
dead, and the next run removes what it left.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs
import psutil
from filelock import FileLock, Timeout

from spacedock import nobody
from spacedock.errors import EngineError, MachineError

LEAST_ROOM = 100 * 10**6  # bytes; the packages of a small Space alone are more
RUN_LABEL = "hf-spacedock.run"
HOST_LABEL = "hf-spacedock.host"

_RUN_ID = re.compile(r"[0-9a-f]{12}")
_READABLE = 0o755
_ELSEWHERE = "or set SPACEDOCK_CACHE to a folder that can be written"
_GATE = ".gate"  # held while runs are opened and swept: a run that has yet to take its lock looks dead
_HOST = ".host"
_LOCK = ".lock"
_JOURNAL = ".processes"
_CLOCK_DRIFT = 2.0  # seconds; starts are told relative to the boot, which a clock's correction moves
_GRACE = 5.0  # seconds that killed processes get to leave the process table
_PATIENCE = 2.0  # seconds that a process gets to end by itself


@dataclass(frozen=True)
class OpenRun:
    """A run that is open: `folder` is its scratch, readable by every user, removed when the run ends."""

    id: str
    folder: Path
    control: str = field(default_factory=secrets.token_urlsafe, repr=False)  # shown by who orders faults

    @property
    def user(self) -> int | None:
        """Whom a stranger's code runs as in this run: a uid that nobody has; None for the caller's own.

        Raises EngineError where root has no other user.
        """
        return nobody.user_of(self.id)

    def clean_up(self) -> None:
        """End what the stranger's code still runs here, and remove what it left where everybody may write."""
        if user := self.user:
            nobody.end_all(user)
            nobody.sweep(user)

    @property
    def labels(self) -> dict[str, str]:
        """What everything that the run starts on an engine is labelled with."""
        return {RUN_LABEL: self.id, HOST_LABEL: host()}

    def name(self, what_for: str) -> str:
        """Return a name for something on an engine that nothing else has: ours, of this run, what for."""
        return f"spacedock-{self.id}-{what_for}-{secrets.token_hex(3)}"

    def adopt(self, pid: int) -> None:
        """Have the process, what it started and its process group ended if this run dies before they do."""
        with suppress(psutil.NoSuchProcess):
            started = psutil.Process(pid).create_time()
            with (self.folder / _JOURNAL).open("a") as journal:
                journal.write(f"{pid} {started}\n")


@contextmanager
def open_run(least: int = LEAST_ROOM) -> Iterator[OpenRun]:
    """Open a run after removing the processes and folders that dead runs left.

    Raises MachineError where the cache cannot be written, or has less room than `least` bytes.
    """
    root = cache_folder("runs")
    run = OpenRun(run_id := secrets.token_hex(6), root / run_id)
    lock = FileLock(run.folder / _LOCK, thread_local=False)
    with FileLock(root / _GATE):
        _sweep(root)
        require_room(least)
        run.folder.mkdir()
        run.folder.chmod(0o755)
        lock.acquire()
    try:
        yield run
    finally:
        _clear(run.folder)
        lock.release()


def is_alive(run_id: str) -> bool:
    """Whether a run of this host still goes on."""
    folder = cache_folder("runs") / run_id
    if not run_id.isalnum() or not folder.is_dir():
        return False
    probe = FileLock(folder / _LOCK)
    try:
        probe.acquire(blocking=False)
    except Timeout:
        return True
    probe.release()
    return False


def host() -> str:
    """What tells this host's runs from all others on an engine that several hosts use.

    Host names repeat, as in containers, and locks can only be asked where their folder is: so that folder has
    a random name, which is part of the host's.
    """
    root = cache_folder("runs")
    path = root / _HOST
    if not path.exists():
        with FileLock(root / _GATE):
            if not path.exists():
                draft = path.with_suffix(".draft")
                draft.write_text(secrets.token_hex(4))
                draft.replace(path)
    return f"{socket.gethostname()}-{path.read_text()}"


def cache_folder(name: str) -> Path:
    """The folder `name` in the cache, made when missing; root's is readable by every user.

    `SPACEDOCK_CACHE` moves the cache.
    """
    chosen = os.environ.get("SPACEDOCK_CACHE")
    base = Path(chosen) if chosen else platformdirs.user_cache_path("spacedock", use_site_for_root=True)
    folder = base / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            _let_everybody_read(base)
            _let_everybody_read(folder)
        with tempfile.TemporaryFile(dir=folder):  # known before anything is built
            pass
    except OSError as error:
        raise MachineError(
            f"spacedock's cache cannot be written: {error.strerror}",
            path=folder,
            remedy=f"make it writable, {_ELSEWHERE}",
        ) from error
    return folder


def require_room(least: int = LEAST_ROOM) -> None:
    """Raise MachineError where the cache's disk has less room than `least` bytes."""
    folder = cache_folder("runs")
    free = shutil.disk_usage(folder).free
    if free < least:
        raise MachineError(
            f"the disk of spacedock's cache is full: {free // 10**6} MB are left, "
            f"a run needs {least // 10**6} MB",
            path=folder,
            remedy=f"make room (`spacedock clean`), {_ELSEWHERE}",
        )


def _let_everybody_read(folder: Path) -> None:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode | _READABLE != mode:  # what else it may be, it stays: somebody may have chosen a shared folder
        folder.chmod(mode | _READABLE)


def _sweep(root: Path) -> None:
    """Clear what dead runs left, and nothing else: the cache may be in a folder that others use too."""
    for folder in root.iterdir():
        if _RUN_ID.fullmatch(folder.name) and (folder / _LOCK).exists() and not is_alive(folder.name):
            _clear(folder)


def _clear(folder: Path) -> None:
    journal = folder / _JOURNAL
    if journal.exists():
        for line in journal.read_text().splitlines():
            pid, started = line.split()
            _end(int(pid), float(started))
    with suppress(EngineError):  # where root has no other user, no stranger was here
        OpenRun(folder.name, folder).clean_up()
    shutil.rmtree(folder, ignore_errors=True)


def _end(pid: int, started: float) -> None:
    family = _family(pid, started)
    for leader in (process for process in family if process.pid == pid):
        with suppress(psutil.Error):  # Postgres gives its shared memory back only when it is asked to end
            leader.terminate()
            leader.wait(_PATIENCE)
    for process in family:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(family, timeout=_GRACE)


def _family(pid: int, started: float) -> set[psutil.Process]:
    try:
        leader = psutil.Process(pid)
        if abs(leader.create_time() - started) > _CLOCK_DRIFT:
            return set()  # the number was given to another process, so the old group is empty
        family = {leader, *leader.children(recursive=True)}
    except psutil.NoSuchProcess:
        family = set()
        if psutil.boot_time() > started:
            return family
    return (family | _group(pid)) - {psutil.Process()}


def _group(pid: int) -> set[psutil.Process]:
    members = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == pid:
                members.add(process)
    return members
