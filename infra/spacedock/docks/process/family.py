"""The processes of an instance without a container: its session, and all that descends from its keeper."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import psutil

from spacedock.docks.boots import Listener
from spacedock.docks.instance import Process
from spacedock.docks.proc import hears_sigterm, resident_peak

_ROUNDS = 20  # a process may fork while its family is being killed
_ROUND = 0.25  # seconds that killed processes get to leave before the next look


class Family:
    """Everything that is below a keeper, but for what is wrapped around `leader`, which leads a session."""

    def __init__(self, leader: int, keeper: int, wrapper: int) -> None:
        self._leader = leader
        self._keeper = keeper
        self._wrapper = {wrapper} - {leader}

    def members(self) -> list[psutil.Process]:
        """Return those that are alive, orphans among them."""
        pids = {pid for pid in psutil.pids() if _session(pid) == self._leader}
        with suppress(psutil.Error):
            pids.update(child.pid for child in psutil.Process(self._keeper).children(recursive=True))
        return [process for pid in sorted(pids - self._wrapper) if (process := _living(pid))]

    def listeners(self) -> tuple[Listener, ...]:
        """Return the TCP sockets on which any of them listens."""
        found: set[Listener] = set()
        for process in self.members():
            with suppress(psutil.Error):
                for connection in process.net_connections("tcp"):
                    if connection.status == psutil.CONN_LISTEN:
                        found.add(Listener(*connection.laddr))
        return tuple(sorted(found, key=lambda listener: (listener.port, listener.address)))

    def processor_seconds(self) -> float:
        """Return the processor time of those alive and of the children that they have seen end."""
        total = 0.0
        for process in self.members():
            with suppress(psutil.Error):
                total += sum(process.cpu_times()[:4])
        return total

    def peak_memory(self) -> int:
        """Return the sum of the most that each of those alive had resident, in bytes.

        More than they use together, since what they share counts for each; where the system keeps no peak
        (macOS) it is what they have at this moment.
        """
        total = 0
        for process in self.members():
            with suppress(psutil.Error):
                total += _resident(process)
        return total

    def processes(self) -> tuple[Process, ...]:
        """Return those that are alive, described."""
        found = []
        for process in self.members():
            with suppress(psutil.Error):
                found.append(Process(process.pid, process.ppid(), command_of(process)))
        return tuple(found)

    def hears_sigterm(self) -> bool:
        """Whether the main process would get SIGTERM as PID 1; True where that cannot be known."""
        try:
            return hears_sigterm(Path(f"/proc/{self._leader}/status").read_text())
        except OSError:  # no Linux, or gone
            return True

    def kill(self) -> None:
        """End all of them; returns when they are gone."""
        for _ in range(_ROUNDS):
            members = self.members()
            if not members:
                return
            for process in members:
                with suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(members, timeout=_ROUND)


def command_of(process: psutil.Process) -> str:
    """Return the command line, or the name of a process that hides it."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline()) or process.name()
    return f"pid {process.pid}"


def _resident(process: psutil.Process) -> int:
    with suppress(OSError):
        if peak := resident_peak(Path(f"/proc/{process.pid}/status").read_text()):
            return peak
    return int(process.memory_info().rss)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:  # gone, or not ours to ask about
        return None


def _living(pid: int) -> psutil.Process | None:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None
