"""A child gets nothing but what it is given, and does not outlive its end."""

from __future__ import annotations

import os
import pwd
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from spacedock.runs import OpenRun
from spacedock.services.hosts.child import Child

Python = Callable[[str], Child]


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """Run the code in a child."""
    run = OpenRun("test", tmp_path)
    return lambda code: Child(
        [sys.executable, "-u", "-c", code], folder=tmp_path, run=run, environment={"GIVEN": "yes"}
    )


def said(child: Child, text: str) -> str:
    """Return the child's log once it has the text."""
    deadline = time.monotonic() + 10
    while text not in child.logs():
        assert time.monotonic() < deadline, child.logs()
        time.sleep(0.01)
    return child.logs()


def test_it_sees_path_and_what_it_is_given(python: Python, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-developer")
    child = python("import os; print(sorted(os.environ))")
    assert child.wait() == 0
    assert child.logs() == "['GIVEN', 'LC_ALL', 'PATH']\n"


def test_both_streams_are_its_log_and_its_end_is_known(python: Python) -> None:
    child = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")
    assert child.wait() == 7
    assert (child.logs(), child.exit_code()) == ("out\nerr\n", 7)


def test_it_is_in_a_session_of_its_own(python: Python) -> None:
    child = python("import os; print(os.getsid(0) == os.getpid(), flush=True)")
    child.wait()
    assert child.logs() == "True\n"


def test_the_run_remembers_it(python: Python, tmp_path: Path) -> None:
    child = python("import os; print(os.getpid(), flush=True)")
    child.wait()
    assert (tmp_path / ".processes").read_text().split()[0] == child.logs().strip()


def test_it_ends_when_asked(python: Python) -> None:
    child = python("import signal; print('up'); signal.pause()")
    said(child, "up")
    child.end(signal.SIGTERM)
    assert child.exit_code() == -signal.SIGTERM


def test_one_that_will_not_end_is_killed_with_what_it_started(
    python: Python, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacedock.services.hosts.child._GRACE", 0.05)
    child = python(
        "import os, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "grandchild = os.fork()\n"
        "if grandchild: print(f'up {grandchild}.')\n"
        "signal.pause()"
    )
    grandchild = int(said(child, ".").removeprefix("up ").rstrip(".\n"))
    child.end(signal.SIGTERM)
    assert child.exit_code() == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while psutil.pid_exists(grandchild) and psutil.Process(grandchild).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_ending_it_twice_is_no_error(python: Python) -> None:
    child = python("pass")
    child.wait()
    child.end(signal.SIGTERM)
    child.end(signal.SIGTERM)
    assert child.exit_code() == 0


def test_a_user_can_be_chosen_by_root(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may choose: run the tests as root")
    nobody = pwd.getpwnam("nobody")
    child = Child(
        ["/bin/sh", "-c", "id -u; id -G"], folder=tmp_path, run=OpenRun("test", tmp_path), user=nobody
    )
    assert child.wait() == 0
    assert child.logs().split() == [str(nobody.pw_uid), str(nobody.pw_gid)]
