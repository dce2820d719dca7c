"""A host that only the network of docker compose knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from spacedock.contract.causes.base import ToldCause, head_of, pushed
from spacedock.space import Space
from spacedock.space.yaml_text import QUICK, YamlDefect, composed

_COMPOSE = re.compile(r"(^|/)(docker-)?compose(\.[\w-]+)?\.ya?ml$")
# What resolvers say of a name that they do not find (glibc, musl, libuv, Go, libpq).
_UNKNOWN = re.compile(
    r"Name or service not known|Temporary failure in name resolution|nodename nor servname|"
    r"No address associated with hostname|Name does not resolve|ENOTFOUND|EAI_AGAIN|no such host|"
    r"[Cc]ould not translate host name|[Cc]ould not resolve host|failed to lookup address|Unknown host"
)
# A name without a dot, where a message has a host.
_HOST = re.compile(
    r"(?:connecting to|ENOTFOUND|EAI_AGAIN|host name|lookup|resolve host:?|host=|@|//|host|"
    r"not known:|name resolution:|with hostname:)\s*[\"'(]{0,2}"
    r"(?P<name>[A-Za-z][\w-]*)(?![\w.-]*\.[\w-])(?=[\s:\"'),/]|$)"
)
_NO_HOSTS = frozenset({"localhost", "name", "is", "to", "address", "on", "for", "the", "a"})


def hosts(log: str, space: Space) -> Iterator[ToldCause]:
    """Say whose name it is, where a compose file beside the Dockerfile has a service of that name."""
    for unknown in _UNKNOWN.finditer(log):
        start = log.rfind("\n", 0, unknown.start()) + 1
        end = log.find("\n", unknown.end())
        line = log[start : None if end < 0 else end]
        for name in dict.fromkeys(found["name"] for found in _HOST.finditer(line)):
            if name.lower() not in _NO_HOSTS:
                yield _cause(unknown.start(), name, space)
                break


def _cause(at: int, name: str, space: Space) -> ToldCause:
    file = next((path for path in _compose_files(space) if name in _services(head_of(space, path))), "")
    if file:
        seen = f"`{name}` is a service of {file}, and no host: docker compose is not there on the platform"
    else:
        seen = (
            f"`{name}` is no host that can be found; such a name without a dot is a service of docker compose"
        )
    return ToldCause(
        at,
        seen,
        f"a Space is one container: bring what `{name}` is as a service elsewhere (Neon, Upstash, Qdrant "
        "Cloud), and its address as a secret that the Space reads; or start it in the same container",
    )


def _compose_files(space: Space) -> Iterator[str]:
    return (path for path in pushed(space) if _COMPOSE.search(path))


def _services(text: str) -> frozenset[str]:
    """Return the names of a compose file's services; none of what is no YAML."""
    try:
        node = composed(text, QUICK)
    except YamlDefect:
        return frozenset()
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return frozenset(
        str(name.value)
        for key, value in pairs
        if key.value == "services" and isinstance(value, yaml.MappingNode)
        for name, _ in value.value
    )
