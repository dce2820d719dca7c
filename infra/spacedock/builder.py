"""Builds an image from a folder: with BuildKit where a docker command has it, else with the classic builder.

docker-py has no BuildKit, so the build goes through the command line, which sends the folder to the engine,
wherever that is.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
import subprocess
import tarfile
import tempfile
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from threading import Event, Thread, Timer
from typing import IO, TYPE_CHECKING, Any

import docker
import dockerfile
from docker.errors import DockerException
from docker.types.daemon import CancellableStream

from spacedock import platform, signals
from spacedock.durations import spelled
from spacedock.errors import (
    BuildError,
    FullDiskError,
    SlowBuildError,
    is_this_machines,
    says_that_it_is_full,
)
from spacedock.progress import Say
from spacedock.reading import closed_after
from spacedock.space.dockerignore import NAME as IGNORE_FILE
from spacedock.space.dockerignore import DockerIgnore, read_dockerignore
from spacedock.space.git import harmless

if TYPE_CHECKING:
    from requests import Response

PLATFORM = "linux/amd64"  # what Hugging Face builds and runs
USUAL_PLACES = (
    "/usr/bin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
    "/snap/bin",
    "/Applications/Docker.app/Contents/Resources/bin",
    "~/.docker/bin",
)

# Lines of a failed build that go into the error: pip tells a conflict in a dozen, and BuildKit then repeats
# the step's last lines and shows the Dockerfile around it.
_TAIL = 50
# RFC 3986, userinfo: what a word has before `@`, from its beginning or from its scheme on.
_CREDENTIALS = re.compile(r"""(?:(?<=://)|(?<![^\s"'=]))[^\s"'/@][^\s"'/]*:[^\s"'/]*@|(?<=://)[^\s"'/]+@""")
_PATIENCE = 5.0  # seconds that a build gets to end when nobody waits for it any more
_LINE = 64 << 10  # characters; a longer line is told in parts
# How a step's own failure is told, with its command in the words of the Space.
_OF_A_STEP = re.compile(r"did not complete successfully|returned a non-zero code")
_CLASSIC_FLAGS = ("--from=", "--chown=")  # everything else on RUN, COPY and ADD is BuildKit's


@dataclass(frozen=True)
class BuildRecipe:
    """What one build wants. Secrets are values by id; they are never in a command line, nor on disk."""

    context: Path
    dockerfile: Path
    tag: str
    args: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    seconds: float = platform.BUILD_TIMEOUT.value  # that it may take, and not scaled: it works, and waits not


@dataclass(frozen=True)
class BuildKit:
    """A docker command that has BuildKit, as a plug-in or (until version 22) built in."""

    command: tuple[str, ...]

    @classmethod
    def find(cls, places: Sequence[str] = USUAL_PLACES) -> BuildKit | None:
        """The first of the docker commands on PATH, then in `places`, that has BuildKit."""
        for executable in _docker_commands(places):
            if _runs(executable, "buildx", "version") is not None:
                # The engine's own builder: others would neither see nor keep images on this engine.
                return cls((executable, "buildx", "build", "--builder=default", "--load"))
            if "--secret" in (_runs(executable, "build", "--help") or ""):
                return cls((executable, "build"))
        return None

    def build(self, recipe: BuildRecipe, address: str, say: Say) -> None:
        """Build on the engine at `address`. Raises BuildError; SlowBuildError where its time is over."""
        # buildx asks git about the context, where a stranger's files may look like a repository.
        unasked = {"BUILDX_GIT_INFO": "false", "BUILDX_GIT_LABELS": "false", **harmless()}
        environment = os.environ | unasked | {"DOCKER_BUILDKIT": "1", "DOCKER_HOST": address}
        environment.pop("DOCKER_CONTEXT", None)
        options = ["--progress=plain", f"--platform={PLATFORM}", f"--file={recipe.dockerfile}"]
        options += [f"--tag={recipe.tag}"]
        options += [f"--build-arg={name}={value}" for name, value in recipe.args.items()]
        options += [f"--label={name}={value}" for name, value in recipe.labels.items()]
        for number, (name, value) in enumerate(recipe.secrets.items()):
            environment[f"SPACEDOCK_BUILD_SECRET_{number}"] = value
            options.append(f"--secret=id={name},env=SPACEDOCK_BUILD_SECRET_{number}")
        log = _Log(recipe, say)
        command = (*self.command, *options, str(recipe.context))
        code = stream(command, log.add, environment, seconds=recipe.seconds)
        if code is None:
            raise log.late()
        if code:
            log.require_room(_said_by_the_command(log.tail))
            raise log.failed(f"the build of {recipe.tag} failed with exit code {code}")


def build_classic(client: docker.DockerClient, recipe: BuildRecipe, say: Say) -> None:
    """Build with the engine's classic builder; the client is this build's own.

    Raises BuildError, at once where only BuildKit will do; SlowBuildError where its time is over.
    """
    refuse_what_needs_buildkit(recipe.dockerfile)
    ignored = read_dockerignore(recipe.context)
    log = _Log(recipe, say)
    late = Event()
    ends = time.monotonic() + recipe.seconds
    try:
        with _sent(recipe, ignored) as sent, closing(_classic_chunks(client, recipe, sent, late)) as chunks:
            for chunk in chunks:
                for line in (chunk.get("stream") or chunk.get("error") or "").splitlines():
                    log.add(line)
                if "error" in chunk:
                    log.require_room(chunk["error"])
                    raise log.failed(f"the build of {recipe.tag} failed")
    except (DockerException, OSError, TypeError, ValueError) as error:
        # A stream that is closed meanwhile raises any of them, or ends.
        if not late.is_set() and time.monotonic() < ends:
            if isinstance(error, OSError) and is_this_machines(error):
                raise
            log.require_room(str(error))
            raise log.failed(f"the build of {recipe.tag} could not start: {error}") from error
        late.set()
    if late.is_set():
        raise log.late()


def _classic_chunks(
    client: docker.DockerClient, recipe: BuildRecipe, sent: IO[bytes], late: Event
) -> Generator[dict[str, Any], None, None]:
    """Yield what the engine says while it builds; `late` is set where it was ended for its time."""
    answers: list[Response] = []
    client.api.hooks["response"].append(lambda answer, **_how: answers.append(answer))
    chunks = client.api.build(
        fileobj=sent,
        custom_context=True,
        dockerfile=_name_of_dockerfile(recipe),
        tag=recipe.tag,
        buildargs=dict(recipe.args),
        labels=dict(recipe.labels),
        platform=PLATFORM,
        timeout=ceil(recipe.seconds),  # without a byte
        rm=True,
        forcerm=True,
        decode=True,
    )
    stream: Any = CancellableStream(chunks, answers[-1])
    # The engine ends a build that nobody listens to.
    with _endable(stream.close, stream.close), closed_after(stream, recipe.seconds, late):
        yield from stream


@contextmanager
def _sent(recipe: BuildRecipe, ignored: DockerIgnore) -> Iterator[IO[bytes]]:
    """Give what the engine is sent, in a file: docker-py's own patterns may take for ever."""
    always = {_name_of_dockerfile(recipe), IGNORE_FILE}
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for path in sorted(_below(recipe.context)):
                name = path.relative_to(recipe.context).as_posix()
                if name in always or not ignored.leaves_out(name):
                    archive.add(path, name, recursive=False)
            if not recipe.dockerfile.is_relative_to(recipe.context):
                archive.add(recipe.dockerfile, _name_of_dockerfile(recipe))
        file.seek(0)
        yield file


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


def _name_of_dockerfile(recipe: BuildRecipe) -> str:
    """Return the Dockerfile's name in what is sent: one of its own where it lies outside."""
    if recipe.dockerfile.is_relative_to(recipe.context):
        return recipe.dockerfile.relative_to(recipe.context).as_posix()
    return f".dockerfile.{recipe.dockerfile.name}"


def refuse_what_needs_buildkit(path: Path) -> None:
    """Raise BuildError at the first instruction that the classic builder does not understand."""
    try:
        instructions = dockerfile.parse_file(str(path))
    except (dockerfile.GoIOError, dockerfile.GoParseError):
        return  # the builder says what is wrong with it
    for instruction in instructions:
        flags = [flag for flag in instruction.flags if not flag.startswith(_CLASSIC_FLAGS)]
        if instruction.cmd.upper() not in ("RUN", "COPY", "ADD"):
            flags = []
        if flags or instruction.heredocs:
            what = flags[0].partition("=")[0] if flags else "<<"
            raise BuildError(
                f"`{instruction.cmd.upper()} {what}` needs BuildKit, and no docker command here has it",
                path=path,
                line=instruction.start_line,
                remedy="install Docker's buildx plug-in (package docker-buildx-plugin or docker-buildx)",
            )


def without_credentials(text: str, instead: str = "") -> str:
    """Return a text without the user and password of its URLs, of which proxies' may have no scheme."""
    return _CREDENTIALS.sub(instead, text)


class _Log:
    """Passes a build's lines on, without the secrets that they may hold, and keeps the last ones."""

    def __init__(self, recipe: BuildRecipe, say: Say) -> None:
        self._recipe = recipe
        self._say = say
        self._tail: deque[str] = deque(maxlen=_TAIL)

    def add(self, line: str) -> None:
        for value in filter(None, self._recipe.secrets.values()):
            line = line.replace(value, "***")
        if line := without_credentials(line.rstrip(), "***@"):
            self._tail.append(line)
            self._say(line)

    def failed(self, what: str) -> BuildError:
        return BuildError(
            what,
            path=self._recipe.dockerfile,
            remedy="mend the step that the last lines name",
            log="\n".join(self._tail),
        )

    @property
    def tail(self) -> tuple[str, ...]:
        return tuple(self._tail)

    def require_room(self, said: str) -> None:
        """Raise FullDiskError where the engine itself says that there is none, and no step of the build."""
        if says_that_it_is_full(said) and not _OF_A_STEP.search(said):
            raise FullDiskError(
                f"the engine's disk is full: {said}",
                remedy="make room there: `docker builder prune`, `docker image prune`",
                log="\n".join(self._tail),
            )

    def late(self) -> SlowBuildError:
        return SlowBuildError(
            f"the build of {self._recipe.tag} did not end within {spelled(self._recipe.seconds)}, "
            "and was ended: on the platform none may go on for longer",
            path=self._recipe.dockerfile,
            remedy="have the step that the last lines name do less: install wheels, fetch no models, "
            "put what changes last",
            log="\n".join(self._tail),
        )


def _said_by_the_command(lines: Sequence[str]) -> str:
    """Return what the docker command says at last: lines of steps come before, whatever they look like."""
    return next((line for line in reversed(lines) if line.startswith("ERROR: ")), "")


def _docker_commands(places: Sequence[str]) -> Iterator[str]:
    seen = set()
    for folder in (*os.environ.get("PATH", "").split(os.pathsep), *places):
        candidate = Path(folder).expanduser() / "docker"
        if candidate.is_file() and os.access(candidate, os.X_OK) and candidate.resolve() not in seen:
            seen.add(candidate.resolve())
            yield str(candidate)


def _runs(*command: str) -> str | None:
    """The output of a command that succeeds."""
    environment = os.environ | {"DOCKER_BUILDKIT": "1"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def stream(
    command: Sequence[str],
    add: Say,
    environment: Mapping[str, str] | None = None,
    *,
    seconds: float = platform.BUILD_TIMEOUT.value,
) -> int | None:
    """Run a command, hand on each line as it comes, and return the exit code.

    None where it was ended, with all that it started, since it went on for so many seconds.
    """
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # a terminal's Ctrl-C is ours to pass on
    )
    with (
        process,
        _endable(lambda: _send(process, signal.SIGTERM), lambda: _end(process)),
        _ended_after(seconds, process) as late,
    ):
        try:
            while line := process.stdout.readline(_LINE) if process.stdout else "":
                add(line)
        except BaseException:
            _end(process)
            raise
    return None if late.is_set() else process.returncode


@contextmanager
def _ended_after(seconds: float, process: subprocess.Popen[str]) -> Iterator[Event]:
    late = Event()

    def end() -> None:
        late.set()
        _end(process)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


@dataclass(frozen=True, eq=False)
class _Endable:
    """A build that runs, in whichever thread: how it is asked to end, and how it is ended."""

    ask: Callable[[], None]
    end: Callable[[], None]


_running: set[_Endable] = set()


@contextmanager
def _endable(ask: Callable[[], None], end: Callable[[], None]) -> Iterator[None]:
    one = _Endable(ask, end)
    _running.add(one)
    try:
        yield
    finally:
        _running.discard(one)


@signals.at_the_first
def _ask_those_that_run() -> None:
    """End what threads build at the first signal: who leaves in order waits for these threads."""
    for one in tuple(_running):
        one.ask()
    Thread(target=_end_those_that_run, name="end builds", daemon=True).start()  # which may take its time


@atexit.register
def _end_those_that_run() -> None:
    """End what threads still build when we end: nothing raises in a thread that nobody waits for."""
    for one in tuple(_running):
        one.end()


def _end(process: subprocess.Popen[str]) -> None:
    """Have it end, and what it started: asked at first, since what it has mounted it takes down."""
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        _send(process, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
            return


def _send(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
