"""The one way to git: it reads a stranger's repository, and nothing in there runs or asks the network.

What a repository says of itself is not believed. Where it lies is found here, and git is told: so neither
`core.worktree` nor a bare repository among the files leads anywhere else. Settings that name a command are
overruled, those that no option overrules have no protocol left to be used with.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from threading import Event, Timer
from typing import IO

from spacedock.errors import GitError
from spacedock.space.files import followed

SECONDS = 60.0  # that one command may take
MOST = 128 * 2**20  # bytes that one command may print
_PIECE = 2**16
_ROOT = 0  # the user who owns all anyway
_TOLD = 500  # characters of what git says

_REMEDY = (
    "run `git status` there and mend what it says, or make a new clone; of a copy without `.git` every file "
    "is taken to be pushed"
)

_SETTINGS = {
    "core.fsmonitor": "false",  # a command that each look at the index starts
    "core.hooksPath": os.devnull,
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
}
_OURS = {
    # An empty list: unlike `protocol.allow`, `protocol.file.allow` of the repository does not overrule it.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",  # to read writes nothing
    "GIT_TERMINAL_PROMPT": "0",
}
# Where HOME is not set, a setting with `~` in it is an error of git's.
_ALONE = {**_OURS, "HOME": os.devnull, "LC_ALL": "C"}
# What receive-pack tells a hook of where the objects are that have just arrived (githooks, pre-receive).
_QUARANTINE = ("GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")


@dataclass(frozen=True)
class Repository:
    """A git repository: its `.git`, and the folder that has it; of a bare one both are the same."""

    directory: Path
    top: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def tracked(self, folder: Path) -> tuple[str, ...]:
        """Return what git tracks below a folder and is there: POSIX paths relative to it, each once.

        Raises GitError for an index that names what is not below the folder.
        """
        folder = folder.resolve()
        listing = self.output("ls-files", "-z", "--cached", within=folder)
        names = {os.fsdecode(name) for name in listing.split(b"\0") if name}
        if strays := [name for name in names if _leads_out(name)]:
            raise GitError(
                f"its index names {min(strays)!r}, which no checkout has", path=self.directory, remedy=_REMEDY
            )
        reached: dict[Path, bool] = {}
        return tuple(sorted(name for name in names if _is_there(folder / name, reached)))

    def output(
        self,
        *arguments: str,
        within: Path | None = None,
        lines: Iterable[str] | None = None,
        accepted: Sequence[int] = (0,),
    ) -> bytes:
        """Return what a command prints that is started in the folder `within` and is given `lines`.

        Raises GitError, in git's words, where it ends with a code that is not `accepted`.
        """
        with self.reading(*arguments, within=within, lines=lines, accepted=accepted) as output:
            pieces, size = [], 0
            while piece := output.read(_PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > MOST:
                    raise self._error(arguments, f"it prints more than {MOST // 2**20} MiB")
        return b"".join(pieces)

    def text(
        self, *arguments: str, lines: Iterable[str] | None = None, accepted: Sequence[int] = (0,)
    ) -> str:
        """Return what a command prints, as text. Raises GitError as `output` does."""
        return self.output(*arguments, lines=lines, accepted=accepted).decode(errors="replace")

    @contextmanager
    def reading(
        self,
        *arguments: str,
        within: Path | None = None,
        lines: Iterable[str] | None = None,
        accepted: Sequence[int] = (0,),
    ) -> Iterator[IO[bytes]]:
        """Let a command's output be read as it comes. Raises GitError as `output` does, at the end."""
        with TemporaryFile() as given, TemporaryFile() as said:
            given.writelines(f"{line}\n".encode() for line in lines or ())
            given.seek(0)
            late = Event()
            with _process(self._command(arguments), within or self.top, self.environment, given, said) as git:
                timer = Timer(SECONDS, _give_up, (git, late))
                timer.start()
                try:
                    yield _pipe(git)
                    code = git.wait()
                finally:
                    timer.cancel()
                    if late.is_set():  # whatever came of what it printed until then
                        raise self._error(arguments, f"it did not end within {SECONDS:.0f} s")
            if code not in accepted:
                said.seek(0)
                raise self._error(arguments, _words(said.read(_PIECE)) or f"it ended with exit code {code}")

    def _command(self, arguments: Sequence[str]) -> list[str]:
        # git refuses what belongs to somebody else (sudo, a container in CI), since its settings start
        # commands. Here none is started, whoever wrote them: the folder is the one that we were asked to look
        # at, and the owner of what lies above it has been looked at. git takes it from the command line only.
        trusted = f"safe.directory={self.top}"
        places = [f"--git-dir={self.directory}"]
        if self.directory != self.top:
            places.append(f"--work-tree={self.top}")
        return [*_git(), "-c", trusted, *places, *arguments]

    def _error(self, arguments: Sequence[str], what: str) -> GitError:
        return GitError(f"git {arguments[0]}: {what}", path=self.directory, remedy=_REMEDY)


def repository_of(folder: Path) -> Repository | None:
    """Return the repository that a folder lies in; None where it and all that is above it has no `.git`.

    Raises GitError where a folder above it is a repository of somebody who owns neither the folder nor us.
    """
    here = folder.resolve()
    owners = {_owner(here), os.geteuid(), _ROOT}
    device = here.stat().st_dev
    for top in (here, *here.parents):
        if top.stat().st_dev != device:  # git looks no further either
            return None
        directory = top / ".git"
        if not _is_something(directory):
            continue
        if top != here and _owner(directory) not in owners:  # it would decide what of the folder is pushed
            raise GitError(
                f"detected dubious ownership: it is neither yours nor of the owner of {here}",
                path=directory,
                remedy="remove it, or check a copy of the folder elsewhere",
            )
        return Repository(directory, top)
    return None


def receiving(repository: Path) -> Repository:
    """Return the bare repository that has started us as its hook, with what has just arrived."""
    arrived = {name: os.environ[name] for name in _QUARANTINE if name in os.environ}
    return Repository(repository, repository, arrived)


def say(folder: Path, *arguments: str, environment: Mapping[str, str]) -> str:
    """Return what git says in a repository of ours, on both of its streams; it may push to a folder.

    Its exit code is not looked at. Raises GitError without git.
    """
    given = {**environment, "GIT_ALLOW_PROTOCOL": "file"}
    with (
        TemporaryFile() as nothing,
        _process([*_git(), *arguments], folder, given, nothing, subprocess.STDOUT) as git,
    ):
        timer = Timer(SECONDS, _give_up, (git, Event()))
        timer.start()
        try:
            return _pipe(git).read(MOST).decode(errors="replace")
        finally:
            timer.cancel()


def harmless() -> dict[str, str]:
    """Return the environment in which a git that somebody else starts is held to the same settings."""
    settings = {"GIT_CONFIG_COUNT": str(len(_SETTINGS))}
    for number, (key, value) in enumerate(_SETTINGS.items()):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**_OURS, **settings}


def _git() -> list[str]:
    """Return the command and the settings that overrule a repository's. Raises GitError without git."""
    executable = shutil.which("git", path=_search_path())
    if executable is None:
        raise GitError(
            "there is no git here, and only git knows what of a repository is pushed",
            remedy="install git",
        )
    return [executable, *(word for pair in _SETTINGS.items() for word in ("-c", "=".join(pair)))]


def _search_path() -> str:
    """Return PATH without what depends on where we are: that may be a stranger's folder."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())


@contextmanager
def _process(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    given: IO[bytes],
    said: IO[bytes] | int,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start git with nothing of our environment; it, and what it has started, ends when this is left."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env={"PATH": _search_path(), **_ALONE, **environment},
        stdin=given,
        stdout=subprocess.PIPE,
        stderr=said,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            _end(process)


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise TypeError("its output is no pipe")
    return process.stdout


def _give_up(process: subprocess.Popen[bytes], late: Event) -> None:
    late.set()
    _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:  # it has been waited for: its number may be another's
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _words(said: bytes) -> str:
    """Return what git says is the matter, without its hints."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    reasons = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    return "; ".join(reasons or lines)[:_TOLD]


def _is_something(directory: Path) -> bool:
    """Whether it is a repository, a damaged one too, or a file that names one; an empty folder is nothing."""
    if not directory.is_dir():
        return os.path.lexists(directory)
    try:
        return any(directory.iterdir())
    except OSError:
        return True  # git says why it cannot be read


def _owner(path: Path) -> int:
    return path.lstat().st_uid


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or bool({"..", ".git"} & set(path.parts))


def _is_there(path: Path, reached: dict[Path, bool]) -> bool:
    """Whether a checkout has it: a file, a link or a submodule, and no link on the way to it."""
    parent = path.parent
    if parent not in reached:
        reached[parent] = followed(parent) == parent
    return reached[parent] and (path.is_symlink() or path.is_file() or path.is_dir())
