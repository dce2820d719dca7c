"""Which web pages may call the backend."""

from __future__ import annotations

import ipaddress
import json
import re
from urllib.parse import SplitResult, urlsplit

DEFAULT_ORIGINS = (
    "http://localhost:3000",
    "http://localhost:3001",
    "https://physical-ai-and-humanoid-robotics-omega.vercel.app",
)

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def parse_origins(value: object) -> object:
    """Read a comma-separated or a JSON list of origins; anything but text is passed on as it is.

    Raises ValueError with every entry that is wrong, by its position: a value is never repeated.
    """
    if not isinstance(value, str):
        return value
    origins, problems = [], []
    for position, entry in enumerate(_entries(value), start=1):
        try:
            origins.append(origin(entry))
        except ValueError as problem:
            problems.append(f"entry {position} {problem}")
    if problems:
        raise ValueError("; ".join(problems))
    return tuple(dict.fromkeys(origins))


def _entries(text: str) -> list[str]:
    if not text.lstrip().startswith("["):
        return [entry for entry in text.split(",") if entry.strip()]
    try:
        entries = json.loads(text)
    except ValueError:
        entries = None
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ValueError("it starts like a JSON list and is not a JSON list of strings")
    return entries


def origin(entry: str) -> str:
    """Write an origin as browsers send it. Raises ValueError saying what is wrong with it."""
    text = entry.strip().rstrip("/").lower()
    if "*" in text:
        raise ValueError("has a wildcard; every origin has to be named")
    if not re.match(r"[a-z][a-z0-9+.-]*://", text):
        raise ValueError("has no scheme; write https:// in front")
    try:
        parts = urlsplit(text)
        host, port = _host(parts), parts.port
    except ValueError:  # its text may repeat the entry
        raise ValueError("is not an address") from None
    _check_parts(parts)
    if parts.scheme == "http" and _is_public(host):
        raise ValueError("uses http:// for a public host; write https://")
    bracketed = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{bracketed}" + _port(parts.scheme, port)


def _check_parts(parts: SplitResult) -> None:
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("has a scheme that is neither https nor http")
    if parts.path or parts.query or parts.fragment:
        raise ValueError("has a path; an origin ends after the host or the port")
    if "@" in parts.netloc:
        raise ValueError("has a user name")


def _port(scheme: str, port: int | None) -> str:
    """Browsers leave out the scheme's own port."""
    return "" if port is None or port == _DEFAULT_PORTS[scheme] else f":{port}"


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:
        return str(ipaddress.IPv6Address(host))
    if not _HOST_NAME.fullmatch(host):
        raise ValueError("no host name")
    return host


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(".localhost")


def space_hosts(value: object) -> object:
    """Read the hosts that the platform gave to this Space: several, with commas, once it has a custom domain.

    Anything but text is passed on as it is. Raises ValueError.
    """
    if not isinstance(value, str):
        return value
    hosts = [host.strip().lower() for host in value.split(",") if host.strip()]
    if not all(map(_HOST_NAME.fullmatch, hosts)):
        raise ValueError("it is not a host name")
    return tuple(dict.fromkeys(hosts))


def vercel_preview_pattern(text: str) -> str:
    """Turn `scope/project` into a pattern of the hosts that Vercel gives to that project's previews.

    A preview is served at `project-<9 letters or digits>-scope` and `project-git-<branch>-scope` below
    vercel.app (Vercel documentation, "Generated URLs"). Hosts that Vercel shortens because they pass 63
    characters do not match. Somebody who registers a scope that ends with `-scope`, or names a project of
    theirs like one of ours with its letters and scope, can get a host that does: the pattern keeps passers-by
    out, it does not replace authentication.
    Raises ValueError when the text is not `scope/project`.
    """
    match = re.fullmatch(rf"({_LABEL})/({_LABEL})", text)
    if match is None:
        raise ValueError("it is not scope/project; copy both from the address vercel.com/scope/project")
    scope, project = (re.escape(part) for part in match.groups())
    return rf"https://{project}-(?:[a-z0-9]{{9}}|git-{_LABEL})-{scope}\.vercel\.app"
