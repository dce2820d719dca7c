"""Images that lie, hang or drown whoever looks into them: each costs what it may, and no more."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacedock.docks.boots import BootSpec, Cause
from spacedock.docks.image import container as container_module
from spacedock.docks.image.dock import ImageDock
from spacedock.docks.image.opened import OpenImageDock
from spacedock.progress import silent
from spacedock.reading import CHARACTERS, LINE
from spacedock.runs import OpenRun
from tests.unit.docks.servers import serving, space_of

PORT = 8080
APP = serving(PORT, before="exec(os.environ.get('HABIT', ''))\n")
MEMORY = 200 << 20  # bytes that looking into one may take
PATIENCE = 60.0  # seconds that stop what never ends
# Its `cat` is of its own making, and the first name of a layer begins like JSON.
LYING = """
FROM python:3.11-slim
RUN printf '#!/bin/sh\\n{cat}\\n' >/usr/local/bin/cat && chmod 755 /usr/local/bin/cat
RUN mkdir '/{{"rootfs": 1}}' && echo x >'/{{"rootfs": 1}}/a'
WORKDIR /app
COPY app.py .
CMD ["python", "app.py"]
"""
CATS = {
    "hangs": "sleep 1000000",
    "never ends": "while true; do echo Uid: 1000 1000 1000 1000; done",
    "lies": 'echo "Uid: 0 0 0 0"; echo "SigCgt: 0"',
}


def dock_of(folder: Path, run: OpenRun, dockerfile: str) -> ImageDock:
    space = space_of(folder, APP, port=PORT, dockerfile=dockerfile)
    return ImageDock(space, run, silent, boot_timeout=120)


@pytest.fixture(scope="module")
def dock(run: OpenRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenImageDock]:
    """The dock of a Space that does as it is told."""
    with dock_of(tmp_path_factory.mktemp("space"), run, "") as opened:
        yield opened


@pytest.mark.parametrize("cat", CATS.values(), ids=CATS)
@pytest.mark.parametrize("at_hand", [True, False], ids=["engine here", "engine elsewhere"])
def test_no_program_of_the_image_is_asked_who_it_runs_as(
    tmp_path: Path, run: OpenRun, monkeypatch: pytest.MonkeyPatch, cat: str, at_hand: bool
) -> None:
    if not at_hand:
        monkeypatch.setattr(container_module, "read_at_hand", lambda *_: None)
        monkeypatch.setattr(container_module, "_READ_SECONDS", 1.0)
    with dock_of(tmp_path, run, LYING.format(cat=cat.replace('"', '\\"'))) as dock:
        instance = dock.boot(BootSpec())
        assert instance.boot.ready
        assert instance.identity() == 1000
        assert dock.search(lambda path, _chunks: [path] if path.endswith("app.py") else [], "x").result(
            PATIENCE
        )
        assert instance.stop(10).unheard is False


@pytest.mark.parametrize(
    "passwd",
    [
        "rm /etc/passwd && mkdir -p /etc/passwd/folder",
        "rm /etc/passwd && mkfifo /etc/passwd",
        "rm /etc/passwd && ln -s /etc/passwd /etc/passwd",
        "head -c 300000000 /dev/zero | tr '\\0' x >/etc/passwd",
    ],
    ids=["folder", "pipe", "link to itself", "300 MB"],
)
def test_a_passwd_that_is_none_has_no_entries(tmp_path: Path, run: OpenRun, passwd: str) -> None:
    with dock_of(tmp_path, run, f'FROM python:3.11-slim\nRUN {passwd}\nCMD ["true"]\n') as dock:
        identity = dock.image_identity()
        assert (identity.user, identity.in_passwd) == (0, False)


@pytest.mark.parametrize(
    "ends",
    ["CMD []", 'USER nobody-knows\nCMD ["true"]', 'CMD ["/no/such"]'],
    ids=["no command", "no such user", "no such program"],
)
def test_an_image_that_cannot_start_is_a_space_that_ended(tmp_path: Path, run: OpenRun, ends: str) -> None:
    with dock_of(tmp_path, run, f"FROM python:3.11-slim\n{ends}\n") as dock:
        boot = dock.boot(BootSpec("as its own user", user="image"))
        assert boot.boot.cause is Cause.EXITED
        assert boot.boot.exit_code
        assert boot.logs()


def test_settings_of_64_kb_are_settings(tmp_path: Path, run: OpenRun) -> None:
    long = "x" * 65_000  # a line of a Dockerfile has 65,535 at most
    dockerfile = f"FROM python:3.11-slim\nENV LONG={long}\nLABEL long={long}\nCOPY app.py /\n"
    with dock_of(tmp_path, run, f"{dockerfile}CMD {json.dumps(['python', '/app.py', long])}\n") as dock:
        assert dock.made().environment["LONG"] == long
        assert dock.boot(BootSpec()).boot.ready


@pytest.mark.parametrize(
    "writes",
    [
        "for _ in range(5000): os.write(1, b'a line of a log that never stops, and says nothing\\n' * 1000)",
        "for _ in range(50): os.write(1, b'x' * 10**6)\nos.write(1, b'\\n')",  # a line of 50 MB
    ],
    ids=["300 MB", "a line of 50 MB"],
)
def test_of_a_log_the_end_is_read(dock: OpenImageDock, writes: str) -> None:
    instance = dock.boot(
        BootSpec("writes", environment=(("HABIT", f"{writes}\nos.write(1, b'the end\\n')"),))
    )
    assert instance.boot.ready
    tracemalloc.start()
    began = time.monotonic()
    while not (log := instance.logs()).rstrip().endswith("the end"):
        assert time.monotonic() - began < PATIENCE, log[-200:]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(log) <= CHARACTERS + LINE
    assert max(map(len, log.splitlines())) <= LINE + 100
    assert peak < MEMORY
    instance.close()


def test_a_space_makes_no_more_processes_than_it_may(dock: OpenImageDock) -> None:
    forks = (
        "made = 0\n"
        "try:\n"
        "    while made < 6000:\n"
        "        pid = os.fork()\n"
        "        if not pid: time.sleep(600); os._exit(0)\n"
        "        made += 1\n"
        "except OSError: pass\n"
        "print('made', made, flush=True)\n"
        "os.kill(-1, signal.SIGKILL)\n"  # all but itself, which is PID 1, and then buries them
        "for _ in range(made): os.wait()"
    )
    instance = dock.boot(BootSpec("forks", environment=(("HABIT", forks),)))
    assert instance.boot.ready
    assert 0 < int(instance.logs().split("made")[1].split()[0]) < 4096
    instance.close()
