"""Which facts about the platform a report can settle, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from spacedock import platform
from spacedock.platform import Fact
from spacedock.probe.fields import ANSWERED, DROPPED, Report, equal, flat

Fields = Mapping[str, Any]
# Facts that name a field with more parts than they speak of.
_PARTS: Final = {
    "HARDWARE": ("limits.cpus", "limits.memory"),
    "WRITABLE": ("writable./", "writable./tmp"),
}
_GIB = 2**30


def probed_facts() -> dict[str, Fact[Any]]:
    """Return the facts that name a field of the report, by their names."""
    return {name: fact for name, fact in platform.all_facts().items() if fact.probe}


def facts_of(field: str) -> tuple[str, ...]:
    """Return the names of the facts that a field, by its dotted name, has to do with."""
    return tuple(name for name, fact in probed_facts().items() if _belongs(field, name, fact))


def verdicts(report: Report) -> Iterator[tuple[str, bool]]:
    """Yield, for each fact that the report says something of, whether it is as the fact has it."""
    fields = flat(report)
    for name, fact in probed_facts().items():
        try:
            held = RULES[name](fact.value, fields)
        except KeyError:  # the report does not have the field
            continue
        if held is not None:
            yield name, held


def _belongs(field: str, name: str, fact: Fact[Any]) -> bool:
    if fact.probe == "reach":
        ports = fact.value if isinstance(fact.value, tuple) else platform.EGRESS_DROPPED_PORTS.value
        return field in {f"reach.{port}" for port in ports}
    return field in _PARTS.get(name, ()) or (name not in _PARTS and _is_within(field, fact.probe))


def _is_within(field: str, whole: str) -> bool:
    return field == whole or field.startswith(f"{whole}.")


def _ports(outcome: str) -> Callable[[Any, Fields], bool | None]:
    """Return a rule: all of a fact's ports ended so. None where none of them was tried."""

    def rule(ports: Any, fields: Fields) -> bool | None:
        seen = [fields[f"reach.{port}"] for port in ports if f"reach.{port}" in fields]
        return all(found == outcome for found in seen) if seen else None

    return rule


def _is(field: str) -> Callable[[Any, Fields], bool | None]:
    """Return a rule: a field's value is the fact's."""

    def rule(value: Any, fields: Fields) -> bool | None:
        seen = fields[field]
        return None if seen is None else equal(field, seen, value)

    return rule


def _home(value: Any, fields: Fields) -> bool | None:
    return None if fields["user.passwd"] else equal("user.home", fields["user.home"], value)


def _writable(_value: Any, fields: Fields) -> bool | None:
    elsewhere = fields["user.uid"] == 0 or fields["writable./"] == "no"
    return bool(elsewhere and fields["writable./tmp"] == "yes")


def _flavour(flavours: Any, fields: Fields) -> bool | None:
    """Whether there is a flavour of just these limits."""
    seen = fields["limits.cpus"], fields["limits.memory"]
    if None in seen:
        return None
    return seen in {(flavour.cpus, flavour.memory_gb * _GIB) for flavour in flavours.values()}


def _closed_means(_value: Any, fields: Fields) -> bool | None:
    return _ports(DROPPED)(platform.EGRESS_DROPPED_PORTS.value, fields)


RULES: Final[Mapping[str, Callable[[Any, Fields], bool | None]]] = {
    "USER_ID": _is("user.uid"),
    "HOME": _home,
    "FIRST_PROCESS": _is("first_process"),
    "WRITABLE": _writable,
    "DATA_FOLDER": lambda _, fields: fields["writable./data"] == "absent",
    "EDGE_NETWORK": lambda _, fields: None if fields["peer"] is None else fields["peer"] == "private",
    "EDGE_FORWARDED_FOR": lambda _, fields: fields["headers.x-forwarded-for"] == ("claimed", "public"),
    "EDGE_FORWARDED_PROTO": _is("headers.x-forwarded-proto"),
    "SPACE_HOST": _is("headers.host"),
    "BUILT_IN_VARIABLES": lambda names, fields: set(names) <= set(fields["environment.names"]),
    "PORT_IS_SET": lambda value, fields: ("PORT" in fields["environment.names"]) == value,
    "HARDWARE": _flavour,
    "EGRESS_OPEN_PORTS": _ports(ANSWERED),
    "EGRESS_DROPPED_PORTS": _ports(DROPPED),
    "EGRESS_SEEN_OPEN_PORTS": _ports(ANSWERED),
    "EGRESS_UNKNOWN_PORTS": _ports(ANSWERED),
    "EGRESS_CLOSED_MEANS": _closed_means,
    "IPV6": _is("ipv6.route"),
    "STOP_GRACE_SECONDS": _is("grace"),
}
