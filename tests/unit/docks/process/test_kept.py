"""A process of a stranger's below its keeper: what is told of it, and that nothing of it is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from spacedock.docks.process.kept import Kept, RunAs

_SOON = 20.0  # seconds; only a hang takes that long
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(60)
    os._exit(0)
os.wait()
"""


def kept(*command: str, stays: bool = False, output: int = subprocess.PIPE) -> Kept:
    return Kept(
        command,
        folder=Path("/"),
        environment={"PATH": os.defpath},
        run_as=RunAs(),
        output=output,
        stays=stays,
    )


def python(script: str, *, stays: bool = False) -> Kept:
    return kept(sys.executable, "-c", script, stays=stays)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("/bin/sh", "-c", "exit 3"), 3),
        (("/bin/sh", "-c", "kill -KILL $$"), 137),
        (("no-such-program",), 127),
        (("/",), 126),
        (("true", "\0"), 126),
    ],
)
def test_an_end_is_told_as_a_container_tells_it_however_soon_it_comes(
    command: tuple[str, ...], code: int
) -> None:
    for _ in range(5):  # who looks too late must still be told
        with kept(*command, stays=True) as process:
            assert process.ended(_SOON)
            assert process.exit_code() == code


def test_its_output_ends_with_it_though_a_daemon_holds_it() -> None:
    with python(DAEMON) as process:
        daemon = int(process.output.read())
        assert process.exit_code() == 0
    assert not psutil.pid_exists(daemon)


def test_what_stays_is_ended_on_leaving() -> None:
    with python(DAEMON, stays=True) as process:
        daemon = int(process.output.readline())
        assert process.ended(_SOON)
        assert psutil.Process(daemon).ppid() == process.keeper
    assert not psutil.pid_exists(daemon)


def test_what_forks_while_it_is_ended_is_ended() -> None:
    forks = "import os, time\nprint(1, flush=True)\nwhile os.fork(): time.sleep(0.001)\ntime.sleep(60)"
    with python(forks) as process:
        process.output.readline()
        family = [each.pid for each in psutil.Process(process.keeper).children(recursive=True)]
        keeper = process.keeper
    assert not [pid for pid in (keeper, *family) if psutil.pid_exists(pid)]


HARNESS = """
import sys
from pathlib import Path
from spacedock.docks.process.kept import Kept, RunAs

kept = Kept((sys.executable, "-c", sys.argv[1]), folder=Path("/"), environment={}, run_as=RunAs(), output=1)
sys.stdin.read()
"""


def test_it_does_not_outlive_a_harness_that_is_killed() -> None:
    command = [sys.executable, "-c", HARNESS, DAEMON + "\ntime.sleep(60)"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as harness:
        assert harness.stdout
        daemon = psutil.Process(int(harness.stdout.readline()))
        harness.kill()
    ends = time.monotonic() + _SOON
    while daemon.is_running() and time.monotonic() < ends:
        psutil.wait_procs([daemon], timeout=0.1)
    assert not daemon.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl; run on Linux")
def test_no_setuid_program_gives_it_more() -> None:
    with python("print(open('/proc/self/status').read())") as process:
        assert b"NoNewPrivs:\t1" in process.output.read()
