"""What Linux tells in /proc and in a control group's files, read from their texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from signal import SIGTERM

from spacedock.docks.boots import Listener

SOCKETS = ("/proc/net/tcp", "/proc/net/tcp6")
STATUS = "/proc/1/status"
# Processor time of a container as it sees it itself: control groups of version 2, then of version 1.
PROCESSOR = ("/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpuacct/cpuacct.usage")
# A container's memory as it sees it itself: control groups of version 1, then of version 2 (Linux's
# documentation, cgroup-v1/memory and cgroup-v2).
MEMORY = (
    "/sys/fs/cgroup/memory/memory.max_usage_in_bytes",
    "/sys/fs/cgroup/memory/memory.stat",
    "/sys/fs/cgroup/memory.current",
    "/sys/fs/cgroup/memory.peak",  # from Linux 5.19 on
    "/sys/fs/cgroup/memory.stat",
)

_LISTEN = "0A"  # proc_net_tcp: state of a listening socket
# Whoever runs in a container may have made its `cat` say anything.
_SOCKET = re.compile(r"([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})")
# The engine's resolver, which it puts into every container of a user-defined network.
_ENGINE_RESOLVER = "127.0.0.11"


def listeners(text: str) -> tuple[Listener, ...]:
    """Return the listening sockets among the lines of the `SOCKETS` files."""
    found = {listener for listener in _listening(text) if listener.address != _ENGINE_RESOLVER}
    return tuple(sorted(found, key=lambda listener: (listener.port, listener.address)))


def processor_seconds(text: str) -> float | None:
    """Return the processor time that one of the `PROCESSOR` files tells; None when there is none."""
    if micro := re.search(r"^usage_usec (\d{1,18})$", text, re.MULTILINE):
        return int(micro[1]) / 1e6
    if nano := re.search(r"^(\d{1,18})$", text, re.MULTILINE):
        return int(nano[1]) / 1e9
    return None


@dataclass(frozen=True)
class Memory:
    """What a control group's files tell of its memory.

    The kernel keeps the highest use only with the cache of files in it, which is given back under pressure
    and ends nobody. What of that cache is there at the look is taken off. So the peak is too low by what the
    cache grew afterwards, and too high by what was in it then and was deleted before the look.
    """

    peak: int  # bytes


def memory(text: str) -> Memory | None:
    """Return what the `MEMORY` files tell; None where there are none."""
    highest = max((int(number) for number in re.findall(r"^(\d{1,18})$", text, re.MULTILINE)), default=None)
    if highest is None:
        return None
    files = _figure(text, "total_cache", "file") - _figure(text, "total_shmem", "shmem")
    return Memory(max(0, highest - max(0, files)))


def user_id(status: str) -> int | None:
    """Return the effective user of a process from its `status` file."""
    found = re.search(r"^Uid:\s+\d+\s+(\d{1,18})\b", status, re.MULTILINE)
    return int(found[1]) if found else None


def resident_peak(status: str) -> int | None:
    """Return the most memory in bytes that a process had resident, from its `status` file."""
    found = re.search(r"^VmHWM:\s+(\d{1,18}) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def hears_sigterm(status: str) -> bool:
    """Whether a process would get SIGTERM as PID 1: it handles it, or holds it back to take it later.

    The kernel drops a signal that PID 1 has no handler for (pid_namespaces(7)), and does not for others.
    """
    masks = re.findall(r"^Sig(?:Cgt|Blk):\s+([0-9a-f]+)$", status, re.MULTILINE)
    return not masks or any(int(mask, 16) & 1 << (SIGTERM - 1) for mask in masks)


def _figure(text: str, *names: str) -> int:
    """Return the number after the first of `names` that a line begins with; 0 where none does."""
    for name in names:
        if found := re.search(rf"^{name} (\d{{1,18}})$", text, re.MULTILINE):
            return int(found[1])
    return 0


def _listening(text: str) -> Iterator[Listener]:
    for line in text.splitlines():
        match line.split():
            case [number, local, _, state, *_] if number.endswith(":") and state == _LISTEN:
                if socket := _SOCKET.fullmatch(local):
                    yield Listener(_address(socket[1]), int(socket[2], 16))


def _address(text: str) -> str:
    """Return the address, which the kernel writes as four-byte words, little-endian where images run."""
    words = (int(text[start : start + 8], 16) for start in range(0, len(text), 8))
    packed = b"".join(word.to_bytes(4, "little") for word in words)
    if len(packed) == 4:
        return str(IPv4Address(packed))
    address = IPv6Address(packed)
    return str(address.ipv4_mapped or address)
