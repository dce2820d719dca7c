"""A Space that says as JSON what it sees of the place where it runs. Standard library only.

    PROBE_TARGETS  `host:port host:port`, what it tries to connect to; an empty one: nothing outside
    PROBE_SECONDS  how long it waits for each connection

Names of variables, never their values, and kinds of addresses, never addresses. On SIGTERM it counts the time
that it is given, a line every tenth of a second: the last one in the log is the platform's grace.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import os
import platform
import pwd
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

VERSION = 1
PORT = 7860  # the default of `app_port`; PORT is only reported, not honoured
TARGETS = (
    "smtp.gmail.com:25 smtp.gmail.com:465 smtp.gmail.com:587 imap.gmail.com:993 huggingface.co:80 "
    "huggingface.co:443 portquiz.net:5432 portquiz.net:6333 portquiz.net:6379 portquiz.net:8080 "
    "portquiz.net:27017"
)
IPV6_TARGET = ("2606:4700:4700::1111", 443)  # Cloudflare's resolver
FOLDERS = (
    "/ /.cache /app /data /dev/shm /etc /home /home/user /mnt /root /run /srv /tmp /usr/local /var /var/tmp"
)
# What these hold is the same for every Space of a flavour, so it is a fact and no secret.
SHOWN_VALUES = ("ACCELERATOR", "CPU_CORES", "MEMORY")
CLAIM = "203.0.113.7"  # RFC 5737: whoever asks may claim to come from here, to see what becomes of it
INTERNAL_HOST = "proxy.spaces.internal.huggingface.tech"
TICK = 0.1  # seconds

UNLIMITED = "unlimited"
_NO_LIMIT = 1 << 60
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{12,}")
_PSEUDO = ("/proc", "/sys", "/dev")


def report(peer: str, headers: Iterable[tuple[str, str]], reached: dict[str, Any]) -> dict[str, Any]:
    """Return everything that is seen, for a request from `peer` with `headers`."""
    return {
        "probe": {"version": VERSION, "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())},
        "user": _or_none(user),
        "writable": _or_none(writable),
        "environment": environment(),
        "limits": _or_none(limits),
        "machine": _or_none(machine),
        "reach": reached["reach"],
        "ipv6": reached["ipv6"],
        "headers": received(headers),
        "peer": kind(peer),
        "first_process": _or_none(first_process),
        "mounts": _or_none(mounts),
        "grace": None,  # only the log can say it
    }


def user() -> dict[str, Any]:
    """Whom the process runs as, and what that user is given."""
    try:
        entry = bool(pwd.getpwuid(os.getuid()))
    except KeyError:
        entry = False
    return {
        "uid": os.getuid(),
        "gid": os.getgid(),
        "groups": sorted(os.getgroups()),
        "passwd": entry,
        "home": os.environ.get("HOME"),
        "folder": os.getcwd(),  # noqa: PTH109 - a text is wanted
    }


def writable() -> dict[str, str]:
    """Which of the usual folders, and of those that are mounted, can be written."""
    folders = [*FOLDERS.split(), os.environ.get("HOME", "/"), os.getcwd(), *mounted_folders()]  # noqa: PTH109
    return {without_ids(folder): _may_write(folder) for folder in sorted(set(folders))}


def mounted_folders() -> list[str]:
    """Return the mount points that are folders and no part of the kernel's own."""
    points = [point for point, _, _ in _mounts()]
    # Not Path's, which raises where it may not look.
    return [point for point in points if not point.startswith(_PSEUDO) and os.path.isdir(point)]  # noqa: PTH112


def environment() -> dict[str, Any]:
    """Return every variable's name, and the values that are facts."""
    values = {name: os.environ[name] for name in SHOWN_VALUES if name in os.environ}
    return {"names": sorted(without_ids(name) for name in os.environ), **values}


def limits() -> dict[str, Any]:
    """Return what the control groups allow, in bytes and processors; None where they cannot be read."""
    if Path("/sys/fs/cgroup/cgroup.controllers").exists():
        quota = _text("/sys/fs/cgroup/cpu.max").split()
        swap, processes = _amount("/sys/fs/cgroup/memory.swap.max"), _amount("/sys/fs/cgroup/pids.max")
        return {
            "cgroup": 2,
            "memory": _amount("/sys/fs/cgroup/memory.max"),
            "swap": swap,
            "cpus": _processors(*map(_number, quota)) if quota else None,
            "processes": processes,
        }
    memory = _amount("/sys/fs/cgroup/memory/memory.limit_in_bytes")
    both = _amount("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes")
    quota_us, period_us = (_amount(f"/sys/fs/cgroup/cpu/cpu.cfs_{part}_us") for part in ("quota", "period"))
    return {
        "cgroup": 1,
        "memory": memory,
        "swap": both - memory if isinstance(both, int) and isinstance(memory, int) else both,
        "cpus": _processors(quota_us, period_us),
        "processes": _amount("/sys/fs/cgroup/pids/pids.max"),
    }


def machine() -> dict[str, Any]:
    """Return what belongs to the machine below the container."""
    total = re.search(r"^MemTotal:\s+(\d+) kB", _text("/proc/meminfo"), re.MULTILINE)
    return {
        "architecture": platform.machine(),
        "kernel": f"{platform.system()} {platform.release()}",
        "processors": os.cpu_count(),
        "affinity": len(os.sched_getaffinity(0)),
        "memory": int(total[1]) * 1024 if total else None,
        "python": platform.python_version(),
    }


def reach(targets: str, seconds: float) -> dict[str, Any]:
    """Try every target and IPv6, all at once; nothing outside is tried where no target is given."""
    wanted = targets.split()
    if not wanted:
        return {"reach": {}, "ipv6": None}
    with ThreadPoolExecutor(len(wanted) + 1) as pool:
        tries = {target: pool.submit(_try_target, target, seconds) for target in wanted}
        ipv6 = pool.submit(_connect, socket.AF_INET6, IPV6_TARGET, seconds)
        return {
            "reach": {target: attempt.result() for target, attempt in tries.items()},
            "ipv6": {"connect": ipv6.result(), "route": ipv6.result() != "unreachable"},
        }


def received(headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the names of a request's headers, and those values that the proxy in front puts there."""
    pairs = [(name.lower(), value) for name, value in headers]
    found: dict[str, Any] = {"names": sorted({without_ids(name) for name, _ in pairs})}
    for name, value in pairs:
        if name == "x-forwarded-for":
            found[name] = [kind(address.strip()) for address in value.split(",")]
        elif name in ("host", "x-forwarded-host"):
            found[name] = host_form(value)
        elif name in ("x-forwarded-proto", "x-forwarded-port", "x-forwarded-scheme"):
            found[name] = value
    return found


def host_form(value: str) -> str:
    """Return what a Host is, not whose."""
    if value == os.environ.get("SPACE_HOST"):
        return "{owner}-{name}.hf.space"
    if value == INTERNAL_HOST:
        return value
    name = value.rpartition(":")[0] or value
    return kind(name) if kind(name) != "no address" else "another name"


def kind(address: str) -> str:
    """Return what an address is: `claimed`, `loopback`, `link-local`, `private` or `public`."""
    if address == CLAIM:
        return "claimed"
    try:
        found = ipaddress.ip_address(address.removeprefix("::ffff:"))
    except ValueError:
        return "no address"
    if found.is_loopback:
        return "loopback"
    if found.is_link_local:
        return "link-local"
    # Python counts the addresses of RFC 5737 as private, and a dock's edge has one for its visitors.
    documentation = address.startswith(("192.0.2.", "198.51.100.", "203.0.113."))
    return "private" if found.is_private and not documentation else "public"


def first_process() -> str:
    """Return `CMD` when PID 1 is this process, else the name of what stands in front of it."""
    if os.getpid() == 1:
        return "CMD"
    command = _text("/proc/1/cmdline").split("\0")[0]
    return Path(command).name or "unknown"


def mounts() -> dict[str, str]:
    """Return type and flags of each mount, without the paths of the host."""
    return {without_ids(point): f"{kind} {flags}" for point, kind, flags in _mounts()}


def without_ids(text: str) -> str:
    """Return a path or name with `ID` in the place of what is new each time."""
    return _ID.sub("ID", text)


def _or_none(look: Callable[[], Any]) -> Any:
    """Return what is seen, None where the system does not let anybody look: the rest still counts."""
    try:
        return look()
    except OSError as error:
        print(f"probe: {look.__name__}: {error!r}", flush=True)  # noqa: T201
        return None


def _mounts() -> list[tuple[str, str, str]]:
    found = []
    for line in _text("/proc/self/mounts").splitlines():
        _, point, filesystem, options, *_ = line.split()
        flags = [option for option in options.split(",") if "=" not in option or option.startswith("size=")]
        found.append((point, filesystem, ",".join(flags)))
    return found


def _may_write(folder: str) -> str:
    if not os.path.lexists(folder):
        return "absent"
    return "yes" if os.access(folder, os.W_OK) else "no"


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _amount(path: str) -> int | str | None:
    return _number(_text(path).strip())


def _number(text: str) -> int | str | None:
    """Return what a file of a control group says; `max`, -1 and what no machine has are no limit."""
    if not text:
        return None
    return int(text) if text.isdigit() and int(text) < _NO_LIMIT else UNLIMITED


def _processors(quota: int | str | None, period: int | str | None) -> float | str | None:
    return quota / period if isinstance(quota, int) and isinstance(period, int) else quota


def _try_target(target: str, seconds: float) -> str:
    host, _, port = target.rpartition(":")
    try:
        found = socket.getaddrinfo(host, int(port), socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, ValueError):
        return "not resolved"
    address = found[0][4]
    return _connect(socket.AF_INET, (str(address[0]), int(address[1])), seconds)


def _connect(family: socket.AddressFamily, address: tuple[str, int], seconds: float) -> str:
    """Return how an attempt to connect ended, in one of few words."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.settimeout(seconds)
            attempt.connect(address)
    except TimeoutError:
        return "timed out"
    except OSError as error:
        if error.errno in (errno.ECONNREFUSED, errno.ECONNRESET):
            return "refused"
        if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return "unreachable"
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    return "connected"


class Answers(BaseHTTPRequestHandler):
    """GET and HEAD of `/`, `/report` and `/alive`."""

    reached: Future[dict[str, Any]]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/alive":
            self._answer(200, b"ok\n", "text/plain")
        elif path in ("/", "/report"):
            seen = report(self.client_address[0], self.headers.items(), self.reached.result())
            self._answer(200, json.dumps(seen, indent=2).encode() + b"\n", "application/json")
        else:
            self._answer(404, b"not here: / has the report\n", "text/plain")

    do_HEAD = do_GET  # noqa: N815 - http.server finds it by this name

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Keep addresses out of the log."""


def count_the_grace() -> None:
    """Write how long it is since SIGTERM, until SIGKILL ends it."""
    began = time.monotonic()
    while True:
        print(f"probe: {time.monotonic() - began:.1f} s since SIGTERM", flush=True)  # noqa: T201 - its log is its output
        time.sleep(TICK)


def main() -> None:
    """Serve until SIGTERM, then count."""
    asked_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_stop.set())
    pool = ThreadPoolExecutor(1)
    seconds = float(os.environ.get("PROBE_SECONDS", "5"))
    Answers.reached = pool.submit(reach, os.environ.get("PROBE_TARGETS", TARGETS), seconds)
    server = ThreadingHTTPServer(("0.0.0.0", PORT), Answers)  # noqa: S104 - a Space listens to all
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"probe: listening on {PORT}; GET / has the report", flush=True)  # noqa: T201
    asked_to_stop.wait()
    count_the_grace()


if __name__ == "__main__":
    main()
