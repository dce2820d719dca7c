"""The fields of a probe's report: what each tells, which dock can show it, how two of them are compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from spacedock.docks.capability import Capability

Report = Mapping[str, Any]

ANSWERED: Final = "answered"  # connected, or refused by whoever is there: nothing on the way holds it back
DROPPED: Final = "timed out"
GRACE_TOLERANCE: Final = 0.25  # of the longer one: a process is stopped between two of its ticks


@dataclass(frozen=True)
class Field:
    """One field of a report; a dock without `needs` shows the machine's, not the platform's."""

    name: str
    tells: str
    needs: Capability | None = None


FIELDS: Final = (
    Field("user", "uid, gid, groups, whether there is a passwd entry, HOME, folder", Capability.IDENTITY),
    Field(
        "writable", "which of the usual folders, and of the mounted ones, can be written", Capability.IDENTITY
    ),
    Field("environment", "names of all variables; values of ACCELERATOR, CPU_CORES and MEMORY alone"),
    Field("limits", "control groups: memory, swap, CPUs, processes", Capability.LIMITS),
    Field("machine", "architecture; kernel, processors and memory of the machine below", Capability.LIMITS),
    Field("reach", "by port, how connecting to the targets ended", Capability.EGRESS),
    Field("ipv6", "how connecting over IPv6 ended, and whether there is a route", Capability.EGRESS),
    Field(
        "headers",
        "names of the request's headers; Host and X-Forwarded-*, without addresses",
        Capability.EDGE,
    ),
    Field("peer", "what kind of address the request came from", Capability.EDGE),
    Field("first_process", "whether PID 1 is the CMD itself", Capability.IMAGE),
    Field("mounts", "type and flags of each mount", Capability.IMAGE),
    Field(
        "grace",
        "seconds from SIGTERM to SIGKILL, from its log",
        Capability.SIGNALS,
    ),
)

# Of the machine that it happens to run on.
_NOT_COMPARED: Final = {
    "machine.kernel": "the kernel is the machine's",
    "machine.processors": "the processors are the machine's",
    "machine.affinity": "the processors are the machine's",
    "machine.memory": "the memory is the machine's",
    "machine.python": "the Python is the image's",
    "limits.cgroup": "the version of control groups is the machine's",
}
# What images of Python set, and stand-ins for them do not; what the interpreter sets; what the probe is told.
_OF_THE_IMAGE: Final = frozenset(
    {"GPG_KEY", "LANG", "LC_CTYPE", "PATH", "PROBE_SECONDS", "PROBE_TARGETS", "PYTHON_PIP_VERSION"}
    | {"PYTHON_SETUPTOOLS_VERSION", "PYTHON_SHA256", "PYTHON_VERSION"}
)
_OF_THE_CLIENT: Final = frozenset(
    {"accept", "accept-encoding", "accept-language", "cache-control", "connection", "cookie", "origin"}
    | {"pragma", "priority", "referer", "upgrade-insecure-requests", "user-agent"}
)
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{12,}\b")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z?")
_ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")


def flat(report: Report) -> dict[str, Any]:
    """Return the report's fields by dotted names, in a form in which equal things are equal."""
    known = {field.name for field in FIELDS}
    said = {name: value for name, value in report.items() if name in known and value is not None}
    return dict(pair for name, value in said.items() for pair in _pairs(name, value))


def why_not_compared(name: str) -> str:
    """Return why two values of a field say nothing about the platform; empty when they do."""
    return _NOT_COMPARED.get(name, "")


def equal(name: str, one: Any, other: Any) -> bool:
    """Whether two values of a field say the same."""
    if name == "grace":
        return bool(abs(one - other) <= GRACE_TOLERANCE * max(one, other))
    return bool(one == other)


def masked(report: Report, capabilities: frozenset[Capability]) -> dict[str, Any]:
    """Return the report with None for each field that a dock of these capabilities cannot show."""
    unfit = {field.name for field in FIELDS if field.needs and field.needs not in capabilities}
    return {name: None if name in unfit else value for name, value in report.items()}


def _pairs(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if name == "reach" and isinstance(value, dict):
        yield from _by_port(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _pairs(f"{name}.{key}", inner)
    else:
        yield name, _plain(name, value)


def _by_port(tries: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield how each port was met, whoever was behind it; where they disagree, in all words."""
    ports: dict[str, set[str]] = {}
    for target, outcome in tries.items():
        word = ANSWERED if outcome in ("connected", "refused") else outcome
        ports.setdefault(target.rpartition(":")[2], set()).add(word)
    for port in sorted(ports, key=lambda text: (len(text), text)):
        yield f"reach.{port}", ", ".join(sorted(ports[port]))


def _plain(name: str, value: Any) -> Any:
    """Return a value without what is new each time; a list of names without those that do not count."""
    if isinstance(value, str):
        return _ADDRESS.sub("ADDRESS", _ID.sub("ID", _DATE.sub("DATE", value)))
    if isinstance(value, list):
        ignored = {"environment.names": _OF_THE_IMAGE, "headers.names": _OF_THE_CLIENT}.get(name, frozenset())
        return tuple(_plain(name, item) for item in value if item not in ignored)
    return value
