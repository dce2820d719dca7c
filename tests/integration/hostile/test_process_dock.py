"""What a stranger's Space may do to this machine in the process dock. No Docker is needed."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from spacedock.docks.boots import BootSpec, Cause
from spacedock.docks.process import dock, venv
from spacedock.docks.process.bubblewrap import Quarters, find_quarters
from spacedock.docks.process.dock import ProcessDock
from spacedock.errors import SpacedockError
from spacedock.nobody import user_of
from spacedock.progress import silent
from spacedock.runs import OpenRun, open_run
from tests.unit.docks.servers import doing, free_port, serving, space_of

TOKENS = ("HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PIP_INDEX_URL")
SETUP = """
import json, os, subprocess, sys
from setuptools import setup

mark = {mark!r}
found = {{"uid": os.getuid(), "environment": dict(os.environ), "wrote": []}}
for folder in ("/tmp", "/dev/shm"):
    with open(os.path.join(folder, mark), "w") as file:
        file.write("left behind")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os.dup2(1, 2)
        os.execvp(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", mark])
    os._exit(0)
os.wait()
with open("caught.py", "w") as file:
    file.write("FOUND = " + repr(found))
setup(name="caught", version="1.0", py_modules=["caught"])
"""
INSTALLING = (
    "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
    'CMD ["python", "app.py"]\n'
)
LEAVING = """
mark = {mark!r}
for folder in ("/tmp", "/dev/shm"):
    open(os.path.join(folder, mark), "w").close()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os.dup2(1, 2)
        os.execvp(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", mark])
    os._exit(0)
os.wait()
"""
by_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; run them as root")


@pytest.fixture(params=["as a user", "in bubblewrap"], autouse=True)
def quarters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap, and within it where it is here and works."""
    if request.param == "as a user":
        monkeypatch.setattr(dock, "find_quarters", lambda user, *_: Quarters(user))
    elif not find_quarters(user_of("tests"), (), "/bin/true").bubblewrap:
        pytest.skip("no bubblewrap works here: apt-get install bubblewrap")


@pytest.fixture
def run() -> Iterator[OpenRun]:
    with open_run() as opened:
        yield opened


@pytest.fixture
def mark() -> str:
    """A word that nothing else on this machine has in a name or a command."""
    return f"mark-{secrets.token_hex(8)}"


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TOKENS[:3]:
        monkeypatch.setenv(name, "the caller's own")


@pytest.fixture
def swept(run: OpenRun) -> bool:
    """Whether what is left in /tmp can be told from the caller's own files."""
    if run.user is None:
        pytest.skip("the caller's own user runs it, whose files are not swept; run them as root")
    return True


def running(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if mark in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def left(mark: str) -> list[str]:
    return [folder for folder in ("/tmp", "/dev/shm") if os.path.lexists(f"{folder}/{mark}")]


def test_a_package_that_is_built_finds_no_token_and_leaves_nothing(
    tmp_path: Path, run: OpenRun, mark: str
) -> None:
    app = doing("import caught; print(json.dumps([caught.FOUND, dict(os.environ), os.getuid()]))")
    files = {"requirements.txt": "./package\n", "package/setup.py": SETUP.format(mark=mark)}
    space = space_of(tmp_path, app, port=free_port(), dockerfile=INSTALLING, files=files)
    with ProcessDock(space, run, silent) as docked:
        assert running(mark) == []
        installing, environment, user = json.loads(docked.boot(BootSpec()).logs())
    for seen in (installing["environment"], environment):
        assert not set(seen) & {*TOKENS}
        assert "the caller's own" not in seen.values()
    assert not {name for name in environment if name.startswith(("UV_", "PIP_")) or "PROXY" in name.upper()}
    assert {installing["uid"], user} <= {run.user or os.geteuid(), 1000}
    if run.user:  # else nobody can tell it from the caller's own
        assert left(mark) == []


def test_a_build_that_never_ends_is_ended(
    tmp_path: Path, run: OpenRun, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv, "_LIMIT", 3.0)
    setup = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'input()', {mark!r}], stdin=-1)\n"
    files = {"requirements.txt": "./package\n", "package/setup.py": setup.replace("run", "Popen")}
    files["package/setup.py"] += "import signal; signal.pause()\n"
    space = space_of(tmp_path, "", port=free_port(), dockerfile=INSTALLING, files=files)
    with pytest.raises(SpacedockError, match="did not end within 3 s"), ProcessDock(space, run, silent):
        pass
    assert running(mark) == []


@by_root
def test_no_stranger_is_root_or_somebody(tmp_path: Path, run: OpenRun) -> None:
    space = space_of(tmp_path, doing("time.sleep(600)"), port=free_port())
    with ProcessDock(space, run, silent, boot_timeout=0.5) as docked:
        identity = docked.boot(BootSpec()).identity()
    assert identity == run.user
    assert identity not in {0, 1000, 65534}


def test_a_daemon_that_forks_twice_ends_with_the_instance(tmp_path: Path, run: OpenRun, mark: str) -> None:
    port = free_port()
    space = space_of(tmp_path, serving(port, before=LEAVING.format(mark=mark)), port=port)
    with ProcessDock(space, run, silent) as docked:
        instance = docked.boot(BootSpec())
        assert instance.boot.ready
        assert len(running(mark)) == 1
        instance.close()
        assert running(mark) == []


def test_a_daemon_of_a_space_that_exits_ends_too(tmp_path: Path, run: OpenRun, mark: str) -> None:
    space = space_of(tmp_path, doing(LEAVING.format(mark=mark)), port=free_port())
    with ProcessDock(space, run, silent) as docked:
        assert docked.boot(BootSpec()).boot.cause is Cause.EXITED
        assert running(mark) == []


@pytest.mark.usefixtures("swept")
def test_nothing_is_left_in_tmp_and_shared_memory(tmp_path: Path, run: OpenRun, mark: str) -> None:
    space = space_of(tmp_path, doing(LEAVING.format(mark=mark)), port=free_port())
    with ProcessDock(space, run, silent) as docked:
        docked.boot(BootSpec())
    assert left(mark) == []


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the caller's with a file that nobody else may read."""
    folder = tmp_path / "outside"
    folder.mkdir(mode=0o700)
    secret = folder / "secret"
    secret.write_text("the caller's own")
    secret.chmod(0o600)
    return folder


@pytest.mark.parametrize(
    "copied", ["COPY out/secret /app/", "COPY out /app/", "COPY o*t/s* /app/", "COPY file /app/got"]
)
def test_no_copy_reads_through_a_link_that_leads_out(
    tmp_path: Path, run: OpenRun, outside: Path, copied: str
) -> None:
    place = tmp_path / "space"
    place.mkdir()
    (place / "out").symlink_to(outside)
    (place / "file").symlink_to(outside / "secret")
    dockerfile = f'FROM python:3.11-slim\nWORKDIR /app\nCOPY app.py .\n{copied}\nCMD ["python", "app.py"]\n'
    look = "for at, _, names in os.walk('.'):\n for n in names:\n  print(open(os.path.join(at, n)).read())"
    said: object
    try:
        space = space_of(place, doing(look), port=free_port(), dockerfile=dockerfile)
        with ProcessDock(space, run, silent) as docked:
            said = docked.boot(BootSpec()).logs()
    except SpacedockError as error:
        said = error
    assert "the caller's own" not in str(said)


@pytest.mark.parametrize(
    "written",
    [
        "COPY links/ /app/\nCOPY app.py /app/out/new.py",
        "COPY links/ /app/\nCOPY more/ /app/",
        "COPY links/ /app/\nCOPY app.py /app/secret",
        "COPY links/ /app/\nWORKDIR /app/out/deep\nCOPY app.py .",
        "COPY links/ /app/\nENV HOME=/app/out/home",
        "COPY links/ /app/\nWORKDIR /app/envs\nCOPY app.py .",
    ],
)
def test_no_instruction_writes_through_a_link_that_leads_out(
    tmp_path: Path, run: OpenRun, outside: Path, written: str
) -> None:
    place = tmp_path / "space"
    for folder in ("links/envs", "more/out"):
        (place / folder).mkdir(parents=True)
    (place / "links/out").symlink_to(outside)
    (place / "links/secret").symlink_to(outside / "secret")
    (place / "links/envs/.env").symlink_to(outside / "secret")
    dockerfile = f'FROM python:3.11-slim\nWORKDIR /app\n{written}\nCMD ["python", "-c", "print(1)"]\n'
    files = {"more/out/planted": "planted"}
    space = space_of(place, "", port=free_port(), dockerfile=dockerfile, files=files)
    owner = (outside / "secret").stat().st_uid
    with ProcessDock(space, run, silent) as docked:
        assert docked.boot(BootSpec(env_file=True)).logs() == "1\n"
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "the caller's own"
    assert (outside / "secret").stat().st_uid == owner


def test_what_a_command_leaves_running_ends_with_it(tmp_path: Path, run: OpenRun, mark: str) -> None:
    port = free_port()
    space = space_of(tmp_path, serving(port), port=port)
    with ProcessDock(space, run, silent) as docked:
        script = f"import os, sys\n{LEAVING.format(mark=mark)}\nprint('said')"
        said = docked.boot(BootSpec()).execute("python", "-c", script)
        assert (said.exit_code, said.output) == (0, "said\n")
        assert running(mark) == []


def test_the_log_is_no_file_that_the_space_can_swap(tmp_path: Path, run: OpenRun, outside: Path) -> None:
    swap = (
        "for at in ('.', '..', '../..'):\n for name in os.listdir(at):\n  if 'log' in name:\n"
        "   path = os.path.join(at, name); os.replace(path, 'old')\n"
        f"   os.symlink({str(outside / 'secret')!r}, path)"
    )
    space = space_of(tmp_path / "space", doing(swap), port=free_port())
    with ProcessDock(space, run, silent) as docked:
        assert "the caller's own" not in docked.boot(BootSpec()).logs()


def test_a_preloaded_library_of_the_space_is_nothing_to_the_harness(
    tmp_path: Path, run: OpenRun, mark: str
) -> None:
    dockerfile = (
        f"FROM python:3.11-slim\nENV LD_PRELOAD=/{mark}.so PYTHONPATH=/app\nWORKDIR /app\n"
        'COPY app.py sitecustomize.py ./\nCMD ["python", "app.py"]\n'
    )
    files = {"sitecustomize.py": "import os; print('uid', os.getuid())"}
    space = space_of(tmp_path, doing("print('up')"), port=free_port(), dockerfile=dockerfile, files=files)
    with ProcessDock(space, run, silent) as docked:
        said = docked.boot(BootSpec()).logs()
    assert "up" in said
    assert "uid 0\n" not in said or os.geteuid() != 0
