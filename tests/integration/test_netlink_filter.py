"""What `netlink_filter.py` starts hears of no change of the network, and has the network."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from spacedock import browser

STEADY = Path(*browser.__path__) / "netlink_filter.py"
OPEN = "import socket, sys; socket.socket(getattr(socket, sys.argv[1]), socket.SOCK_DGRAM)"


def opens(family: str) -> bool:
    """Whether a program that is started steadily, and what it starts, can open a socket of that family."""
    inner = [sys.executable, "-c", OPEN, family]
    code = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:], capture_output=True).returncode)"
    command = [sys.executable, str(STEADY), sys.executable, "-c", code, *inner]
    return subprocess.run(command, check=False).returncode == 0


@pytest.mark.skipif(
    (sys.platform, platform.machine()) not in {("linux", "x86_64"), ("linux", "aarch64")},
    reason="only Linux tells Chromium by netlink; run it there, on x86_64 or aarch64",
)
def test_netlink_is_refused_and_nothing_else() -> None:
    assert not opens("AF_NETLINK")
    assert opens("AF_INET")
    assert opens("AF_UNIX")
