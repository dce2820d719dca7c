"""What Linux tells in /proc and in a control group's files, read from their texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from signal import SIGTERM

from spacedock.docks.base import Listener

SOCKETS = ("/proc/net/tcp", "/proc/net/tcp6")
STATUS = "/proc/1/status"
# Processor time of a container as it sees it itself: control groups of version 2, then of version 1.
PROCESSOR = ("/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpuacct/cpuacct.usage")

_LISTEN = "0A"  # proc_net_tcp: state of a listening socket
# The engine's resolver, which it puts into every container of a user-defined network.
_ENGINE_RESOLVER = "127.0.0.11"


def listeners(text: str) -> tuple[Listener, ...]:
    """Return the listening sockets among the lines of the `SOCKETS` files."""
    found = {listener for listener in _listening(text) if listener.address != _ENGINE_RESOLVER}
    return tuple(sorted(found, key=lambda listener: (listener.port, listener.address)))


def processor_seconds(text: str) -> float | None:
    """Return the processor time that one of the `PROCESSOR` files tells; None when there is none."""
    if micro := re.search(r"^usage_usec (\d+)$", text, re.MULTILINE):
        return int(micro[1]) / 1e6
    if nano := re.search(r"^(\d+)$", text, re.MULTILINE):
        return int(nano[1]) / 1e9
    return None


def user_id(status: str) -> int | None:
    """Return the effective user of a process from its `status` file."""
    found = re.search(r"^Uid:\s+\d+\s+(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else None


def hears_sigterm(status: str) -> bool:
    """Whether a process would get SIGTERM as PID 1: it handles it, or holds it back to take it later.

    The kernel drops a signal that PID 1 has no handler for (pid_namespaces(7)), and does not for others.
    """
    masks = re.findall(r"^Sig(?:Cgt|Blk):\s+([0-9a-f]+)$", status, re.MULTILINE)
    return not masks or any(int(mask, 16) & 1 << (SIGTERM - 1) for mask in masks)


def _listening(text: str) -> Iterator[Listener]:
    for line in text.splitlines():
        match line.split():
            case [number, local, _, state, *_] if number.endswith(":") and state == _LISTEN:
                address, _, port = local.partition(":")
                yield Listener(_address(address), int(port, 16))


def _address(text: str) -> str:
    """Return the address, which the kernel writes as four-byte words, little-endian where images run."""
    words = (int(text[start : start + 8], 16) for start in range(0, len(text), 8))
    packed = b"".join(word.to_bytes(4, "little") for word in words)
    if len(packed) == 4:
        return str(IPv4Address(packed))
    address = IPv6Address(packed)
    return str(address.ipv4_mapped or address)
