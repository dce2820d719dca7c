"""Which builder is found, what it is told, what a failed build says. The docker commands are scripts."""

from __future__ import annotations

import errno
import io
import json
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import docker
import psutil
import pytest

from spacedock import platform
from spacedock.builder import (
    BuildKit,
    BuildRecipe,
    build_classic,
    refuse_what_needs_buildkit,
    stream,
    without_credentials,
)
from spacedock.errors import BuildError, FullDiskError, MachineError, SlowBuildError
from spacedock.space.git import harmless

# What `docker buildx version` and `DOCKER_BUILDKIT=1 docker build --help` do in each kind of docker command.
PLUG_IN = 'case "$1" in buildx) echo v0.30.1;; *) exit 1;; esac'
BUILT_IN = 'case "$1" in build) echo "  --secret stringArray";; *) exit 1;; esac'
CLASSIC_ONLY = 'case "$1" in build) echo "Usage: docker build";; *) exit 1;; esac'
BROKEN = "exit 127"

# Writes down how it was called, prints 60 lines, and ends as it is told.
RECORDER = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path

GIT = ("GIT_", "BUILDX_")
ours = ("DOCKER_", "SPACEDOCK_", *GIT)
kept = {{name: value for name, value in os.environ.items() if name.startswith(ours)}}
Path(__file__).with_name("call.json").write_text(json.dumps([sys.argv[1:], kept]))
for number in range(60):
    print(f"#{{number}} step", os.environ.get("SPACEDOCK_BUILD_SECRET_0", ""))
sys.exit(CODE)
"""


def command(folder: Path, script: str) -> str:
    """A docker command in a folder of its own."""
    folder.mkdir(exist_ok=True)
    path = folder / "docker"
    path.write_text(script if script.startswith("#!") else f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders on PATH, `first` and `second`, and nothing else."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'first'}:{tmp_path / 'second'}")
    return tmp_path


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return folder


def recipe(context: Path, **more: Any) -> BuildRecipe:
    return BuildRecipe(context, more.pop("dockerfile", context / "Dockerfile"), "space:1", **more)


class TestFinding:
    def test_a_plug_in_builds_on_the_engine_itself(self, path: Path) -> None:
        executable = command(path / "first", PLUG_IN)
        found = BuildKit.find(places=())
        assert found == BuildKit((executable, "buildx", "build", "--builder=default", "--load"))

    def test_a_command_with_buildkit_built_in_is_taken(self, path: Path) -> None:
        executable = command(path / "first", BUILT_IN)
        assert BuildKit.find(places=()) == BuildKit((executable, "build"))

    @pytest.mark.parametrize("script", [CLASSIC_ONLY, BROKEN], ids=["no BuildKit", "broken"])
    def test_an_unfit_command_is_passed_over(self, path: Path, script: str) -> None:
        command(path / "first", script)
        executable = command(path / "second", BUILT_IN)
        assert BuildKit.find(places=()) == BuildKit((executable, "build"))

    def test_the_usual_places_come_after_path(self, path: Path) -> None:
        command(path / "first", CLASSIC_ONLY)
        executable = command(path / "off path", BUILT_IN)
        assert BuildKit.find(places=(str(path / "off path"),)) == BuildKit((executable, "build"))

    def test_a_link_to_a_command_is_not_asked_twice(self, path: Path) -> None:
        executable = Path(command(path / "first", f"echo >>{path / 'calls'}; exit 1"))
        (path / "second").mkdir()
        (path / "second" / "docker").symlink_to(executable)
        BuildKit.find(places=())
        assert len((path / "calls").read_text()) == 2  # one question for each kind of BuildKit

    @pytest.mark.usefixtures("path")
    def test_none_is_none(self) -> None:
        assert BuildKit.find(places=()) is None


class TestBuildKit:
    def build(self, context: Path, code: int = 0, **more: dict[str, str]) -> tuple[list[str], dict[str, str]]:
        executable = command(context.parent, RECORDER.replace("CODE", str(code)))
        self.said: list[str] = []
        kit = BuildKit((executable, "build"))
        kit.build(recipe(context, **more), "tcp://engine:2375", self.said.append)
        arguments, environment = json.loads((context.parent / "call.json").read_text())
        return arguments, environment

    def test_it_builds_for_the_platform(self, context: Path) -> None:
        assert "--platform=linux/amd64" in self.build(context)[0]

    def test_it_builds_on_the_engine_that_was_found(
        self, context: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DOCKER_HOST", "unix:///another")
        monkeypatch.setenv("DOCKER_CONTEXT", "another")
        environment = self.build(context)[1]
        assert environment["DOCKER_HOST"] == "tcp://engine:2375"
        assert environment["DOCKER_BUILDKIT"] == "1"
        assert "DOCKER_CONTEXT" not in environment

    def test_it_asks_no_git_about_the_context(self, context: Path) -> None:
        environment = self.build(context)[1]
        assert environment["BUILDX_GIT_INFO"] == "false"
        assert harmless().items() <= environment.items()

    def test_it_passes_arguments_and_labels_on(self, context: Path) -> None:
        arguments = self.build(context, args={"PYTHON_IMAGE": "base"}, labels={"a": "b"})[0]
        assert {"--build-arg=PYTHON_IMAGE=base", "--label=a=b", "--tag=space:1"} < set(arguments)
        assert arguments[-1] == str(context)

    def test_a_secrets_value_is_in_no_command_line_and_no_line_said(self, context: Path) -> None:
        arguments, environment = self.build(context, secrets={"TOKEN": "canary"})
        assert "--secret=id=TOKEN,env=SPACEDOCK_BUILD_SECRET_0" in arguments
        assert environment["SPACEDOCK_BUILD_SECRET_0"] == "canary"
        assert "canary" not in " ".join(arguments + self.said)

    def test_every_line_is_said_while_it_builds(self, context: Path) -> None:
        self.build(context)
        assert self.said == [f"#{number} step" for number in range(60)]

    def test_a_failed_build_ends_with_its_last_lines(self, context: Path) -> None:
        with pytest.raises(BuildError, match="exit code 3") as failed:
            self.build(context, code=3, secrets={"TOKEN": "canary"})
        assert failed.value.log.splitlines() == [f"#{number} step ***" for number in range(10, 60)]


FULL = "write /var/lib/docker/x: no space left on device"
OF_A_STEP = 'process "/bin/sh -c echo no space left on device" did not complete successfully: exit code: 1'


class TestAFullDisk:
    """It is the engine's only where the engine says so: what a step says is a Space's word."""

    def built(self, context: Path, *lines: str) -> None:
        said = "".join(f"printf '%b\\n' '{line}'\n" for line in lines)
        BuildKit((command(context.parent, f"{said}exit 1"), "build")).build(
            recipe(context), "tcp://a:1", _drop
        )

    def test_of_the_engine_is_no_fault_of_the_space(self, context: Path) -> None:
        with pytest.raises(FullDiskError, match="no space left on device") as full:
            self.built(context, "#5 0.1 step", f"ERROR: failed to solve: {FULL}", "View build details: x")
        assert full.value.exit_code == MachineError.exit_code

    def test_of_a_step_is_what_the_step_says(self, context: Path) -> None:
        step = "#5 0.1 ERROR: no space left on device\\rERROR: no space left on device"
        with pytest.raises(BuildError, match="exit code 1"):
            self.built(context, step, f"ERROR: failed to solve: {OF_A_STEP}")

    @pytest.mark.parametrize(
        ("said", "raised"),
        [
            (FULL, FullDiskError),
            (f"The command '/bin/sh -c {FULL}' returned a non-zero code: 1", BuildError),
        ],
    )
    def test_of_a_classic_engine(self, context: Path, said: str, raised: type[Exception]) -> None:
        with an_engine({"stream": FULL}, {"error": said}) as (client, _), pytest.raises(raised):
            build_classic(client, recipe(context), _drop)

    def test_here_is_no_fault_of_the_space(self, context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(tarfile.TarFile, "add", full)
        with an_engine() as (client, _), pytest.raises(OSError, match="No space left"):
            build_classic(client, recipe(context), _drop)


def _drop(_line: str) -> None:
    pass


class TestItsTime:
    def test_one_that_goes_on_is_ended_after_it_with_what_it_started(self, context: Path) -> None:
        script = "echo $$; sleep 600 & echo $!; wait"
        kit = BuildKit((command(context.parent, script), "build"))
        said: list[str] = []
        with pytest.raises(SlowBuildError, match=r"did not end within 0\.5 s") as ended:
            kit.build(recipe(context, seconds=0.5), "tcp://engine:2375", said.append)
        assert ended.value.remedy
        assert ended.value.log.splitlines() == said
        _, left = psutil.wait_procs([p for p in map(_process, said) if p], timeout=30)
        assert not left

    def test_it_is_the_platforms(self, context: Path) -> None:
        assert recipe(context).seconds == platform.BUILD_TIMEOUT.value

    def test_a_line_without_an_end_is_told_in_parts(self) -> None:
        said: list[str] = []
        assert stream(["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x"], said.append) == 0
        assert sum(map(len, said)) == 1_000_000
        assert max(map(len, said)) <= 1 << 16


def _process(pid: str) -> psutil.Process | None:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(int(pid))
    return None


HANGS: dict[str, str] = {"then": "nothing"}


class Asked:
    """What an engine was asked to build."""

    parameters: Mapping[str, str]
    context: bytes

    @property
    def files(self) -> set[str]:
        """The names of what it was sent, but for folders."""
        with tarfile.open(fileobj=io.BytesIO(self.context)) as archive:
            return {member.name for member in archive if not member.isdir()}


@contextmanager
def an_engine(*chunks: dict[str, str]) -> Iterator[tuple[docker.DockerClient, Asked]]:
    """A client of an engine that answers a build with these chunks; at `HANGS` it is silent from then on."""
    asked, over = Asked(), Event()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked.parameters = dict(parse_qsl(urlsplit(self.path).query))
            asked.context = b"".join(self.sent())
            for number, chunk in enumerate(chunks or ({"stream": "done"},)):
                if chunk is HANGS:
                    over.wait(60)
                if number == 0:
                    self.send_response(200)
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                text = json.dumps(chunk).encode()
                with suppress(OSError):  # nobody listens any more
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
            with suppress(OSError):
                self.wfile.write(b"0\r\n\r\n")

        def sent(self) -> Iterator[bytes]:
            if length := self.headers["Content-Length"]:
                yield self.rfile.read(int(length))
                return
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.server_port}"
        with closing(docker.DockerClient(base_url=address, version="1.41", timeout=30)) as client:
            yield client, asked
        over.set()
        server.shutdown()


class TestWhatNeedsBuildKit:
    @pytest.mark.parametrize(
        ("line", "named"),
        [
            ("RUN --mount=type=secret,id=TOKEN pip install x", "RUN --mount"),
            ("RUN --network=none make", "RUN --network"),
            ("COPY --chmod=644 a b", "COPY --chmod"),
            ("COPY --link a b", "COPY --link"),
            ("ADD --checksum=sha256:0 https://host/a b", "ADD --checksum"),
            ("RUN <<EOF\necho hello\nEOF", "RUN <<"),
            ("COPY <<EOF /file\nhello\nEOF", "COPY <<"),
        ],
    )
    def test_the_instruction_and_its_line_are_named(self, context: Path, line: str, named: str) -> None:
        (context / "Dockerfile").write_text(f"FROM python:3.11-slim\n{line}\n")
        with pytest.raises(BuildError) as refused:
            refuse_what_needs_buildkit(context / "Dockerfile")
        assert f"`{named}` needs BuildKit" in refused.value.what
        assert refused.value.line == 2

    @pytest.mark.parametrize(
        "line",
        [
            "COPY --from=builder --chown=1000:1000 a b",
            "HEALTHCHECK --interval=5s CMD true",
            "FROM --platform=linux/amd64 b",
            "RUN echo --mount",
        ],
    )
    def test_what_the_classic_builder_knows_is_let_through(self, context: Path, line: str) -> None:
        (context / "Dockerfile").write_text(f"FROM python:3.11-slim\n{line}\n")
        refuse_what_needs_buildkit(context / "Dockerfile")

    def test_a_broken_dockerfile_is_left_to_the_builder(self, context: Path) -> None:
        (context / "Dockerfile").write_text('FROM a\nENV "\n')
        refuse_what_needs_buildkit(context / "Dockerfile")


class TestClassicBuilder:
    def build(self, context: Path, *chunks: dict[str, str], **more: Any) -> Asked:
        """Build with an engine that answers with these chunks; what it was asked."""
        with an_engine(*chunks) as (client, asked):
            self.said: list[str] = []
            build_classic(client, recipe(context, **more), self.said.append)
        return asked

    def test_it_builds_what_buildkit_would(self, context: Path) -> None:
        step = {"stream": "Step 1/1 : FROM scratch\n"}
        asked = self.build(context, step, args={"A": "b"}, labels={"c": "d"}).parameters
        told = (asked["platform"], json.loads(asked["buildargs"]), json.loads(asked["labels"]))
        assert told == ("linux/amd64", {"A": "b"}, {"c": "d"})
        assert self.said == ["Step 1/1 : FROM scratch"]

    def test_a_failed_build_ends_with_its_last_lines(self, context: Path) -> None:
        with pytest.raises(BuildError) as failed:
            self.build(context, {"stream": "Step 1/2 : FROM a"}, {"error": "the command returned 3"})
        assert failed.value.log.splitlines() == ["Step 1/2 : FROM a", "the command returned 3"]

    def test_it_does_not_try_what_it_cannot(self, context: Path) -> None:
        (context / "Dockerfile").write_text("FROM a\nRUN --mount=type=cache,target=/c true\n")
        with pytest.raises(BuildError, match="needs BuildKit"):
            self.build(context)

    def test_it_sends_what_the_dockerignore_leaves_in(self, context: Path) -> None:
        (context / "lib").mkdir()
        for name in ("app.py", "notes.md", "lib/a.py", "lib/b.md"):
            (context / name).write_text(name)
        (context / "link").symlink_to("app.py")
        (context / ".dockerignore").write_text("**/*.md\nDockerfile\n.dockerignore\n")
        (context / "Dockerfile.dockerignore").write_text("*.py")  # which only BuildKit knows
        asked = self.build(context)
        kept = {".dockerignore", "Dockerfile", "Dockerfile.dockerignore", "app.py", "lib/a.py", "link"}
        assert asked.files == kept
        assert asked.parameters["dockerfile"] == "Dockerfile"

    def test_a_dockerfile_from_elsewhere_is_sent_too(self, context: Path, tmp_path: Path) -> None:
        (tmp_path / "other").write_text("FROM scratch\n")
        asked = self.build(context, dockerfile=tmp_path / "other")
        assert asked.parameters["dockerfile"] in asked.files

    def test_patterns_that_take_for_ever_elsewhere_do_not(self, context: Path) -> None:
        (context / ("a" * 200)).touch()
        (context / ".dockerignore").write_text("*a" * 60 + "b\n")
        began = time.monotonic()
        assert "a" * 200 in self.build(context).files
        assert time.monotonic() - began < 30

    def test_one_that_goes_on_is_ended_after_its_time(self, context: Path) -> None:
        with pytest.raises(SlowBuildError, match=r"did not end within 0\.5 s") as ended:
            self.build(context, {"stream": "Step 1/2 : FROM a"}, HANGS, seconds=0.5)
        assert ended.value.log == "Step 1/2 : FROM a"

    def test_one_of_which_nothing_is_heard_is_ended_after_its_time(self, context: Path) -> None:
        with pytest.raises(SlowBuildError, match=r"did not end within 0\.5 s"):
            self.build(context, HANGS, seconds=0.5)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Looking in https://ada:t0k@mirror/simple", "Looking in https://***@mirror/simple"),
        ("https://t0k@mirror/simple", "https://***@mirror/simple"),
        ("proxy = ada:p@ss@proxy:3128", "proxy = ***@proxy:3128"),
        ("write to ada@example.org", "write to ada@example.org"),
        ("https://host/~ada@home", "https://host/~ada@home"),
        ("FROM python@sha256:0123", "FROM python@sha256:0123"),
        ("pkg @ git+https://host/repository@v1", "pkg @ git+https://host/repository@v1"),
    ],
)
def test_a_log_shows_no_credentials_of_urls(line: str, told: str) -> None:
    assert without_credentials(line, "***@") == told


BUILDS_IN_A_THREAD = """
import sys
from threading import Event, Thread
from spacedock.builder import stream
begun = Event()
def add(line):
    print(line, flush=True)
    begun.set()
Thread(target=stream, args=(["sh", "-c", "echo $$; exec sleep 600"], add), daemon=True).start()
begun.wait()
"""


def test_what_a_thread_builds_ends_with_us() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BUILDS_IN_A_THREAD], capture_output=True, text=True, check=True, timeout=60
    )
    assert not psutil.pid_exists(int(done.stdout))


WAITS_FOR_A_BUILD = """
import signal, sys
from concurrent.futures import ThreadPoolExecutor
from spacedock.builder import stream
from spacedock.signals import ended_by_signals
signal.signal(signal.SIGINT, signal.default_int_handler)
with ended_by_signals(sys.exit), ThreadPoolExecutor(1) as pool:
    pool.submit(stream, ["sh", "-c", "echo $$; exec sleep 600"], lambda line: print(line, flush=True))
    while True:
        signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_what_a_thread_builds_at_once(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITS_FOR_A_BUILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            build = int(process.stdout.readline())
            process.send_signal(number)
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert not psutil.pid_exists(build)
