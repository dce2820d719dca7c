"""Real processes of tiny Spaces in the process dock; nothing here needs Docker or a network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from spacedock.docks import ready
from spacedock.docks.boots import BootSpec, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.process import dock
from spacedock.docks.process.bubblewrap import Quarters
from spacedock.docks.process.dock import ProcessDock
from spacedock.docks.process.interpreter import Interpreter, find_interpreter
from spacedock.docks.process.opened import OpenProcessDock
from spacedock.errors import BootError, BuildError, UsageError
from spacedock.nobody import user_of
from spacedock.progress import silent
from spacedock.runs import OpenRun, open_run
from spacedock.services.faults.fault import NetworkFault
from tests.unit.docks.servers import ASKING_MANIFEST, asking, doing, free_port, serving, space_of

Boots = Callable[..., OpenProcessDock]


@pytest.fixture(scope="module")
def run() -> Iterator[OpenRun]:
    with open_run() as opened:
        yield opened


@pytest.fixture
def docked(run: OpenRun) -> Iterator[Boots]:
    """Put a Space into the process dock, which is left at the test's end."""
    with ExitStack() as stack:
        yield lambda space, boot_timeout=30.0: stack.enter_context(
            ProcessDock(space, run, silent, boot_timeout=boot_timeout)
        )


@pytest.fixture(scope="module")
def python() -> Interpreter:
    return find_interpreter("3.11", user_of("any"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, python: Interpreter) -> None:
    """Look for Python once, and at sockets from a boot's start, so that no test takes a second for it."""
    monkeypatch.setattr(dock, "find_interpreter", lambda *_: python)
    monkeypatch.setattr(dock, "find_quarters", lambda user, *_: Quarters(user))  # whether bubblewrap is here
    monkeypatch.setattr(ready, "FIRST_LOOK", 0.0)
    monkeypatch.setattr(ready, "LOOK_EVERY", 0.05)


@pytest.fixture
def port() -> int:
    return free_port()


def told(url: str) -> dict[str, Any]:
    """What the Space says it finds."""
    found: dict[str, Any] = httpx.get(url).json()
    return found


def test_a_space_is_ready_when_http_answers_with_whatever_status(
    tmp_path: Path, docked: Boots, port: int
) -> None:
    instance = docked(space_of(tmp_path, serving(port), port=port)).boot(BootSpec())
    assert instance.boot.ready
    assert instance.boot.port == port
    assert instance.url == f"http://127.0.0.1:{port}"
    assert httpx.get(instance.url).status_code == 503
    assert instance.alive()


def test_peak_memory_and_processes_are_told_in_life_and_memory_after_the_end(
    tmp_path: Path, docked: Boots, port: int
) -> None:
    worker = "hoard = bytearray(os.urandom(1)) * 2**24\nif not os.fork(): signal.pause()\n"
    instance = docked(space_of(tmp_path, serving(port, before=worker), port=port)).boot(BootSpec())
    main, child = instance.processes()
    assert child.parent == main.pid
    assert "app.py" in child.command
    instance.stop(grace=10)
    assert (instance.usage().peak_memory or 0) > 2**24
    assert instance.usage().written is None
    assert instance.processes() == ()


def test_a_crash_is_told_by_exit_code_and_last_lines(tmp_path: Path, docked: Boots, port: int) -> None:
    app = doing("print('settings'); sys.stdout.flush(); print('no API_KEY', file=sys.stderr); sys.exit(78)")
    instance = docked(space_of(tmp_path, app, port=port)).boot(BootSpec())
    assert instance.boot.cause is Cause.EXITED
    assert instance.boot.exit_code == 78
    assert instance.logs() == "settings\nno API_KEY\n"
    assert not instance.alive()


def test_a_death_by_signal_is_told_as_a_container_tells_it(tmp_path: Path, docked: Boots, port: int) -> None:
    app = doing("os.kill(os.getpid(), signal.SIGKILL)")
    assert docked(space_of(tmp_path, app, port=port)).boot(BootSpec()).boot.exit_code == 137


def test_a_program_that_is_not_there_ends_the_boot_as_in_a_container(
    tmp_path: Path, docked: Boots, port: int
) -> None:
    dockerfile = 'FROM python:3.11-slim\nCMD ["no-such-server"]\n'
    instance = docked(space_of(tmp_path, "", port=port, dockerfile=dockerfile)).boot(BootSpec())
    assert (instance.boot.cause, instance.boot.exit_code) == (Cause.EXITED, 127)
    assert "no-such-server" in instance.logs()


def test_another_port_is_named_before_the_time_limit(
    tmp_path: Path, docked: Boots, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "ELSEWHERE_IS_CERTAIN", 0.5)
    other = free_port()
    instance = docked(space_of(tmp_path, serving(other), port=port), boot_timeout=1000).boot(BootSpec())
    assert instance.boot.cause is Cause.OTHER_PORT
    assert [listener.port for listener in instance.boot.listeners] == [other]


def test_loopback_is_not_outside_even_though_the_harness_could_reach_it(
    tmp_path: Path, docked: Boots, port: int
) -> None:
    space = space_of(tmp_path, serving(port, host="127.0.0.1"), port=port)
    instance = docked(space, boot_timeout=1000).boot(BootSpec())
    assert instance.boot.cause is Cause.LOOPBACK
    assert [str(listener) for listener in instance.boot.listeners] == [f"127.0.0.1:{port}"]


def test_a_space_that_listens_on_nothing_is_silent(tmp_path: Path, docked: Boots, port: int) -> None:
    space = space_of(tmp_path, doing("signal.pause()"), port=port)
    instance = docked(space, boot_timeout=0.5).boot(BootSpec())
    assert instance.boot.cause is Cause.SILENT
    assert instance.boot.listeners == ()


def test_a_server_that_accepts_and_never_answers_is_silent(tmp_path: Path, docked: Boots, port: int) -> None:
    app = doing(f"s = socket.create_server(('', {port})); signal.pause()")
    instance = docked(space_of(tmp_path, app, port=port), boot_timeout=3).boot(BootSpec())
    assert instance.boot.cause is Cause.SILENT
    assert [listener.port for listener in instance.boot.listeners] == [port]


def test_a_helper_that_listens_first_is_not_taken_for_the_server(
    tmp_path: Path, docked: Boots, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "ELSEWHERE_IS_CERTAIN", 0.4)
    # It listens elsewhere for longer than is certain, but it works all the while, as loading a model does.
    loads = f"""
helper = socket.create_server(("", {free_port()}))
while time.process_time() < 1.0: pass
"""
    instance = docked(space_of(tmp_path, serving(port, before=loads), port=port)).boot(BootSpec())
    assert instance.boot.ready


def test_the_environment_holds_the_image_and_the_platform_and_nothing_of_the_developer(
    tmp_path: Path, docked: Boots, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVELOPERS_OWN", "secret")
    dockerfile = (
        "FROM python:3.11-slim\nARG MODE\nENV MODE_SEEN=${MODE:-none} DATA=/app/data\nWORKDIR /app\n"
        'COPY app.py .\nCMD ["python", "app.py"]\n'
    )
    manifest = '[secrets]\nAPI_KEY = {}\n[variables]\nMODE = "fast"\n'
    space = space_of(tmp_path, serving(port), port=port, dockerfile=dockerfile, manifest=manifest)
    dock = docked(space)
    instance = dock.boot(BootSpec())
    seen = told(instance.url)["environment"]
    assert set(seen) - set(instance.environment) - {"LC_CTYPE", "PWD", "TMPDIR"} == {
        "PATH",
        "HOME",
        "MODE_SEEN",
        "DATA",
    }
    assert seen["MODE_SEEN"] == seen["MODE"] == "fast"
    assert seen["SPACE_ID"] == "owner/name"
    assert dock.canaries["API_KEY"] == (seen["API_KEY"],)
    assert seen["DATA"].endswith("/app/data")
    assert seen["DATA"] != "/app/data"
    assert told(instance.url)["home"]


def test_an_order_withholds_blanks_and_adds(tmp_path: Path, docked: Boots, port: int) -> None:
    manifest = "[secrets]\nKEPT = {}\nGONE = {}\nBLANK = {}\n"
    dock = docked(space_of(tmp_path, serving(port), port=port, manifest=manifest))
    spec = BootSpec(withheld=frozenset({"GONE"}), blank=frozenset({"BLANK"}), environment=(("MORE", "1"),))
    seen = told(dock.boot(spec).url)["environment"]
    assert seen["KEPT"]
    assert "GONE" not in seen
    assert seen["BLANK"].isspace()
    assert seen["MORE"] == "1"


def test_port_is_unset_unless_ordered_and_then_it_is_where_the_space_is_expected(
    tmp_path: Path, docked: Boots, port: int
) -> None:
    other = free_port()
    dock = docked(space_of(tmp_path, serving(f"int(os.environ.get('PORT', {port}))"), port=port))
    unset = dock.boot(BootSpec())
    assert "PORT" not in told(unset.url)["environment"]
    chosen = dock.boot(BootSpec(port=other))
    assert chosen.boot.ready
    assert chosen.url.endswith(f":{other}")
    assert told(chosen.url)["environment"]["PORT"] == str(other)


def test_a_env_file_is_there_only_when_ordered(tmp_path: Path, docked: Boots, port: int) -> None:
    space = space_of(tmp_path, serving(port), port=port, manifest="[secrets]\nAPI_KEY = {}\n")
    dock = docked(space)
    with_file = dock.boot(BootSpec(env_file=True))
    assert told(with_file.url)["env_file"]
    with_file.close()
    assert not told(dock.boot(BootSpec()).url)["env_file"]


def test_only_what_would_be_pushed_and_is_copied_is_there(tmp_path: Path, docked: Boots, port: int) -> None:
    dockerfile = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'
    files = {".dockerignore": "notes\n*.md\n", "notes/a.txt": "", "data/b.txt": ""}
    space = space_of(tmp_path, serving(port), port=port, dockerfile=dockerfile, files=files)
    instance = docked(space).boot(BootSpec())
    assert told(instance.url)["files"] == [".dockerignore", "Dockerfile", "app.py", "data", "space.toml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; run the tests as root")
def test_a_space_of_roots_runs_as_a_user_whom_nobody_has(
    tmp_path: Path, docked: Boots, run: OpenRun, port: int
) -> None:
    instance = docked(space_of(tmp_path, serving(port), port=port)).boot(BootSpec())
    assert instance.identity() == run.user
    assert told(instance.url)["uid"] in {run.user, 1000}  # within bubblewrap the platform's


def test_sigterm_ends_a_server_that_handles_it(tmp_path: Path, docked: Boots, port: int) -> None:
    instance = docked(space_of(tmp_path, serving(port), port=port)).boot(BootSpec())
    stop = instance.stop(grace=30)
    assert (stop.exit_code, stop.killed, stop.orphans, stop.unheard) == (0, False, (), False)
    assert not instance.alive()


def test_a_server_that_ignores_sigterm_is_killed(tmp_path: Path, docked: Boots, port: int) -> None:
    ignores = "signal.signal(signal.SIGTERM, lambda *_: None)\n"
    instance = docked(space_of(tmp_path, serving(port, before=ignores), port=port)).boot(BootSpec())
    stop = instance.stop(grace=0.3)
    assert (stop.exit_code, stop.killed, stop.unheard) == (137, True, False)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux' /proc; run on Linux")
def test_a_shell_in_front_never_hears_sigterm_as_in_a_container(
    tmp_path: Path, docked: Boots, port: int
) -> None:
    dockerfile = "FROM python:3.11-slim\nWORKDIR /app\nCOPY app.py .\nCMD python app.py; true\n"
    instance = docked(space_of(tmp_path, serving(port), port=port, dockerfile=dockerfile)).boot(BootSpec())
    stop = instance.stop(grace=0.3)
    assert (stop.exit_code, stop.killed, stop.unheard) == (137, True, True)


def test_what_outlives_the_main_process_is_named_and_ended(tmp_path: Path, docked: Boots, port: int) -> None:
    dockerfile = (
        "FROM python:3.11-slim\nWORKDIR /app\nCOPY app.py .\n"
        "CMD trap 'exit 0' TERM; python app.py & while :; do sleep 0.05; done\n"
    )
    instance = docked(space_of(tmp_path, serving(port), port=port, dockerfile=dockerfile)).boot(BootSpec())
    stop = instance.stop(grace=30)
    assert not stop.killed
    assert [orphan for orphan in stop.orphans if orphan.endswith("python app.py")] == list(stop.orphans)
    assert len(stop.orphans) == 1
    assert_free(port)


def test_nothing_is_left_running_when_the_dock_is_left(tmp_path: Path, run: OpenRun, port: int) -> None:
    forks = "\nif os.fork() == 0:\n    os.setpgid(0, 0)\n    signal.pause()\n"
    space = space_of(tmp_path, serving(port, before=forks), port=port)
    with ProcessDock(space, run, silent) as dock:
        instance = dock.boot(BootSpec())
        session = [process.pid for process in psutil.process_iter() if _session(process.pid) == instance.pid]
        assert len(session) == 2
    assert not [pid for pid in session if _runs(pid)]
    assert_free(port)


def test_a_service_is_broken_and_mended_under_the_space(tmp_path: Path, docked: Boots, port: int) -> None:
    dock = docked(space_of(tmp_path, asking(port), port=port, manifest=ASKING_MANIFEST))
    with dock.faults() as faults:
        instance = dock.boot(BootSpec("faults", environment=faults.environment))
        assert faults.watch("openai").bytes_out > 0
        with faults.broken("openai", NetworkFault("refuse")):
            assert httpx.get(instance.url).text == "ConnectionRefusedError"
        assert httpx.get(instance.url).text == "application/json"
    assert httpx.get(instance.url).text == "ConnectionRefusedError"


def test_one_more_service_runs_beside_the_space_as_long_as_the_dock(
    tmp_path: Path, run: OpenRun, port: int
) -> None:
    with ProcessDock(space_of(tmp_path, serving(port), port=port), run, silent) as dock:
        service = dock.start("openai")
        assert dock.start("openai") is service
        models, headers = f"{service.local['base_url']}/models", {"Authorization": "Bearer wrong"}
        assert httpx.get(models, headers=headers).status_code == 401
        with dock.faults() as faults:
            assert faults.environment == ()
            url = faults.values("openai")["base_url"]
            assert httpx.get(f"{url}/models").status_code == 401
        with pytest.raises(UsageError, match="`mongo`"):
            dock.start("mongo")
    with pytest.raises(httpx.ConnectError):
        httpx.get(models)


HARNESS = """
import sys
from pathlib import Path
from spacedock.docks.boots import BootSpec
from spacedock.docks.process.dock import ProcessDock
from spacedock.progress import silent
from spacedock.runs import open_run
from spacedock.space import read_space

with open_run() as run, ProcessDock(read_space(Path(sys.argv[1])), run, silent) as dock:
    print(dock.boot(BootSpec()).boot, flush=True)
    sys.stdin.read()
"""


def test_a_killed_harness_leaves_a_space_that_the_next_run_ends(tmp_path: Path, port: int) -> None:
    space = space_of(tmp_path, serving(port), port=port)
    command = [sys.executable, "-c", HARNESS, str(space.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout
        assert "ready" in harness.stdout.readline()
        harness.kill()
    with open_run():
        assert_free(port)


def test_a_taken_port_is_named_with_its_holder(tmp_path: Path, docked: Boots, port: int) -> None:
    dock = docked(space_of(tmp_path, serving(port), port=port))
    with socket.create_server(("127.0.0.1", port)), pytest.raises(BootError) as caught:
        dock.boot(BootSpec())
    assert f"port {port}" in caught.value.what
    assert f"pid {os.getpid()}" in caught.value.what
    assert "--dock=image" in caught.value.remedy


def test_the_log_is_followed_until_the_end(tmp_path: Path, docked: Boots, port: int) -> None:
    app = doing("print('one', flush=True); print('two', end='')")
    instance = docked(space_of(tmp_path, app, port=port)).boot(BootSpec())
    assert list(instance.follow()) == ["one", "two"]


def test_a_copy_of_what_is_not_pushed_does_not_build(tmp_path: Path, docked: Boots, port: int) -> None:
    dockerfile = 'FROM python:3.11-slim\nCOPY src /src\nCMD ["true"]\n'
    with pytest.raises(BuildError, match="COPY src") as caught:
        docked(space_of(tmp_path, "", port=port, dockerfile=dockerfile))
    assert caught.value.line == 2


def test_a_base_that_is_no_python_of_this_machine_was_not_looked_at(
    tmp_path: Path, docked: Boots, port: int
) -> None:
    dockerfile = 'FROM node:22\nCMD ["true"]\n'
    assert docked(space_of(tmp_path, "", port=port, dockerfile=dockerfile)).not_carried_out == (
        "FROM node:22",
    )


def test_the_header_names_what_is_not_shown(tmp_path: Path, docked: Boots, port: int) -> None:
    dockerfile = (
        "FROM python:3.11-slim\nRUN apt-get update && apt-get install -y ffmpeg\nRUN pip install -U pip\n"
        'USER user\nCMD ["true"]\n'
    )
    dock = docked(space_of(tmp_path, "", port=port, dockerfile=dockerfile))
    header = "\n".join(dock.header)
    assert "Dockerfile:2 RUN apt-get update && apt-get install -y ffmpeg" in header
    assert "Dockerfile:3" not in header
    assert "USER in the Dockerfile: user" in header
    assert dock.not_carried_out == ("Dockerfile:2 RUN apt-get update && apt-get install -y ffmpeg",)
    assert dock.capabilities == {
        Capability.FILES,
        Capability.BOOT,
        Capability.VARY,
        Capability.LOGS,
        Capability.SIGNALS,
        Capability.SERVICES,
    }
    assert dock.shares_ports


def assert_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("", port))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def test_a_command_runs_where_the_main_process_runs(docked: Boots, tmp_path: Path) -> None:
    port = free_port()
    instance = docked(space_of(tmp_path, serving(port), port=port)).boot(BootSpec(withheld=frozenset({"X"})))
    uid = told(instance.url)["uid"]
    code = "import os, sys; print(os.getuid(), os.environ['SPACE_ID'], os.listdir('.')); sys.exit('no more')"
    ended = instance.execute("python", "-c", code)
    assert ended.exit_code == 1
    assert sorted(ended.output.splitlines()) == [f"{uid} owner/name ['app.py']", "no more"]
