"""A flavour's limits, and whom a Space runs as, seen on tiny Spaces with little memory and disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from spacedock.docks import proc
from spacedock.docks.boots import BootResult, BootSpec, Cause
from spacedock.docks.image import accounting
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.image.instance import ContainerInstance
from spacedock.docks.image.opened import OpenImageDock
from spacedock.docks.instance import Usage
from spacedock.progress import silent
from spacedock.runs import OpenRun
from tests.unit.docks.servers import serving, space_of

PORT = 8080
MIB = 2**20
MEMORY = 48 * MIB
DISK = 8 * 10**6
MANIFEST = f"[dock]\nmemory_gb = {MEMORY / 2**30}\ndisk_gb = {DISK / 10**9}\n"
# HABIT runs before it listens, ASKED at each request.
APP = serving(PORT, before="exec(os.environ.get('HABIT', ''))\n").replace(
    "    def do_GET(self):\n",
    "    def do_GET(self):\n        if self.path == '/asked': exec(os.environ.get('ASKED', ''))\n",
)
IN_A_CHILD = "child = os.fork() or exec({script!r}) or os._exit(0)\nif child: os.waitpid(child, 0)\n"
HOARD = "hoard = bytearray(os.urandom(1)) * 2**27"
FILL = "open('/tmp/fill', 'wb').write(os.urandom(1) * 12_000_000)"
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def fresh_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the engine asked at each look, though it takes a second to answer twice."""
    monkeypatch.setattr(accounting, "MEMORY_EVERY", 0.0)


@pytest.fixture(scope="module")
def dock(run: OpenRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenImageDock]:
    """The dock of a Space that does as it is told, as root where its image decides."""
    space = space_of(tmp_path_factory.mktemp("space"), APP, port=PORT, manifest=MANIFEST)
    with ImageDock(space, run, silent, boot_timeout=30) as opened:
        yield opened


@pytest.fixture
def opened(run: OpenRun, tmp_path: Path) -> Iterator[Callable[[str], OpenImageDock]]:
    """Dock a Space with a Dockerfile of its own."""
    with ExitStack() as stack:

        def dock(dockerfile: str) -> OpenImageDock:
            space = space_of(tmp_path, APP, port=PORT, dockerfile=dockerfile, manifest=MANIFEST)
            return stack.enter_context(ImageDock(space, run, silent, boot_timeout=30))

        yield dock


def habit(script: str, **environment: str) -> BootSpec:
    return BootSpec(script, environment=(("HABIT", script), *environment.items()))


def boot_of(dock: OpenImageDock, spec: BootSpec) -> BootResult:
    return dock.boot(spec).boot


def until(instance: ContainerInstance, seen: Callable[[Usage], bool]) -> Usage:
    """Look until something is seen."""
    ends = time.monotonic() + PATIENCE
    while not seen(usage := instance.usage()) and time.monotonic() < ends:
        time.sleep(0.05)
    return usage


def test_the_header_says_that_there_is_less_than_the_flavour_has(dock: OpenImageDock) -> None:
    assert "hardware cpu-basic: 2 vCPU, 0.0469 GiB, 0.008 GB disk" in dock.header
    assert "the manifest asks for 0.0469 GiB of memory; the flavour has 16 GiB" in dock.header
    assert "the manifest asks for 0.008 GB of disk; the flavour has 50 GB" in dock.header


def test_the_end_by_memory_is_worded_as_the_platform_words_it(dock: OpenImageDock) -> None:
    instance = dock.boot(habit(HOARD))
    assert (instance.boot.cause, instance.boot.exit_code) == (Cause.EXITED, 137)
    assert instance.boot.out_of_memory
    assert str(instance.boot).endswith(" s: Memory limit exceeded (0.0469Gi)")
    assert instance.usage().peak_memory == MEMORY
    assert instance.usage().exceeded == ("Memory limit exceeded (0.0469Gi)",)


def test_a_crash_is_no_end_by_memory(dock: OpenImageDock) -> None:
    instance = dock.boot(habit("os.kill(os.getpid(), signal.SIGKILL) or sys.exit(137)"))
    assert (instance.boot.cause, instance.boot.exit_code) == (Cause.EXITED, 137)
    assert not instance.out_of_memory()
    assert instance.usage().exceeded == ()
    assert "exceeded" not in str(instance.boot)


def test_a_child_that_the_kernel_kills_is_told_though_the_main_process_lives(dock: OpenImageDock) -> None:
    instance = dock.boot(habit(IN_A_CHILD.format(script=HOARD)))
    assert instance.boot.ready
    assert instance.alive()
    (exceeded,) = until(instance, lambda usage: bool(usage.exceeded)).exceeded
    assert exceeded.startswith("Memory limit exceeded (0.0469Gi): the kernel killed a process that the main")


def test_a_space_that_writes_more_than_its_disk_while_it_boots_is_ended(
    dock: OpenImageDock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounting, "FIRST_LOOK", 0.1)
    boot = boot_of(dock, habit(f"{FILL}\nsignal.pause()"))
    assert (boot.cause, boot.exit_code, boot.out_of_memory) == (Cause.EXITED, 137, False)
    assert str(boot).endswith(" s: Workload evicted, storage limit exceeded (0.008G)")


def test_one_that_does_so_later_is_ended_too(dock: OpenImageDock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounting, "FIRST_LOOK", 0.1)
    monkeypatch.setattr(accounting, "LOOK_EVERY", 0.1)
    instance = dock.boot(habit("", ASKED=FILL))
    assert instance.boot.ready
    with suppress(httpx.TransportError):  # it may be ended while it answers
        httpx.get(f"{instance.url}/asked", timeout=PATIENCE)
    assert instance.ended(within=PATIENCE)
    assert instance.usage().exceeded == ("Workload evicted, storage limit exceeded (0.008G)",)
    assert instance.exit_code() == 137


def test_usage_is_told_in_life_and_after_the_end(dock: OpenImageDock) -> None:
    script = "hoard = bytearray(os.urandom(1)) * 2**24\nopen('/tmp/x', 'wb').write(b'x' * 4_000_000)"
    instance = dock.boot(habit(script))
    used = instance.usage()
    assert used.memory_limit == MEMORY
    assert used.disk_limit == DISK
    assert used.peak_memory
    assert 16 * MIB < used.peak_memory < MEMORY
    assert used.written
    assert 4_000_000 <= used.written < DISK
    instance.stop(grace=10)
    assert instance.usage() == used or (instance.usage().peak_memory or 0) >= used.peak_memory
    instance.close()
    assert (instance.usage().peak_memory or 0) >= used.peak_memory
    assert (instance.usage().written or 0) >= used.written


def test_a_file_that_is_written_is_no_memory_of_the_space(dock: OpenImageDock) -> None:
    script = "file = open('/tmp/x', 'wb')\nfor _ in range(110): file.write(bytes(2**16))"
    quiet = dock.boot(habit("")).usage().peak_memory or 0
    writing = dock.boot(habit(script)).usage().peak_memory or 0
    assert quiet
    assert writing - quiet < 4 * MIB  # of the 7 that the file's pages take


def test_usage_is_told_of_an_image_without_shell_and_cat(opened: Callable[[str], OpenImageDock]) -> None:
    dockerfile = 'FROM python:3.11-slim\nRUN rm /bin/cat\nCOPY app.py .\nCMD ["python", "app.py"]\n'
    instance = opened(dockerfile).boot(habit(IN_A_CHILD.format(script=HOARD)))
    used = until(instance, lambda usage: bool(usage.exceeded))
    assert used.peak_memory
    assert 5 * MIB < used.peak_memory <= MEMORY
    assert used.exceeded
    # As it is read where control groups are of version 2.
    memory = proc.memory(instance._container.read(*proc.MEMORY))
    assert memory
    assert abs(memory.peak - used.peak_memory) < 4 * MIB


def test_the_last_look_is_at_the_end_where_nobody_looked_before(dock: OpenImageDock) -> None:
    instance = dock.boot(habit("open('/tmp/x', 'wb').write(b'x' * 4_000_000)"))
    instance.close()
    used = instance.usage()
    assert used.peak_memory
    assert (used.written or 0) >= 4_000_000


def test_changes_are_told_without_what_the_dock_put_there(dock: OpenImageDock) -> None:
    script = "os.makedirs('/srv/new/deep'); open('/srv/new/deep/file', 'w'); os.remove('/etc/debian_version')"
    instance = dock.boot(BootSpec("as root", user="image", env_file=True, environment=(("HABIT", script),)))
    assert instance.boot.ready
    changed = [path for path in instance.changes() if "__pycache__" not in path]
    assert changed == ["/etc/debian_version", "/srv/new", "/srv/new/deep", "/srv/new/deep/file"]
    forbidden = [path for path in instance.forbidden() if "__pycache__" not in path]
    assert forbidden == ["/etc/debian_version", "/srv/new"]
    instance.close()
    assert "/srv/new" in instance.changes()


def test_what_everybody_may_write_is_forbidden_to_nobody(dock: OpenImageDock) -> None:
    script = "open('/tmp/x', 'w'); open('/var/tmp/y', 'w')"
    instance = dock.boot(BootSpec("in tmp", user="image", environment=(("HABIT", script),)))
    assert {"/tmp/x", "/var/tmp/y"} <= set(instance.changes())
    assert [path for path in instance.forbidden() if "__pycache__" not in path] == []


def test_the_processes_are_told(dock: OpenImageDock) -> None:
    workers = "for _ in range(3):\n    if not os.fork(): signal.pause()\n"
    instance = dock.boot(habit(workers))
    processes = instance.processes()
    (main,) = (process for process in processes if process.parent not in {other.pid for other in processes})
    assert [process.parent for process in processes if process.pid != main.pid] == [main.pid] * 3
    assert all("app.py" in process.command for process in processes)


def test_a_user_without_a_passwd_entry_has_no_home_and_no_name(dock: OpenImageDock) -> None:
    instance = dock.boot(BootSpec())
    identity = dock.image_identity()
    assert not identity.in_passwd
    assert (identity.named, identity.user, identity.workdir) == ("", 0, "/app")
    assert not identity.writes_workdir
    assert instance.execute("sh", "-c", "echo $HOME").output == "/\n"
    assert instance.execute("whoami").exit_code != 0


def test_a_user_of_the_image_is_found_by_its_name(opened: Callable[[str], OpenImageDock]) -> None:
    dockerfile = (
        "FROM python:3.11-slim\nRUN useradd --create-home --uid 1000 somebody\n"
        "RUN install --directory --owner=somebody /app\nWORKDIR /app\nUSER somebody\n"
        'COPY app.py .\nCMD ["python", "app.py"]\n'
    )
    identity = opened(dockerfile).image_identity()
    assert str(identity) == "uid 1000, USER somebody"
    assert (identity.home, identity.in_passwd, identity.writes_workdir) == ("/home/somebody", True, True)


def test_a_data_folder_is_an_ordinary_folder(dock: OpenImageDock) -> None:
    made = dock.boot(BootSpec()).execute("python", "-c", "import os; os.makedirs('/data/x')")
    assert made.exit_code != 0
    assert "PermissionError" in made.output
