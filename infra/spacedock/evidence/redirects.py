"""Where a Space sends its visitors, beyond what they meet at `/`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.edge.base import Manner
from spacedock.evidence.asking import AskLimits, Reply
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.evidence.visits import MANY_SECONDS, Followed, heads
from spacedock.space import Space

DESCRIPTION = "/openapi.json"
DESCRIPTION_LIMITS = AskLimits(body=8 * 2**20)
_PATHS = 20  # at most, of each kind of path
# Paths at which a visitor is sent to who knows them; the platform's own client serves the last.
_LOGIN = re.compile(r"(^|[/_-])(log-?in|sign-?in|sso|authorize)(/|$)", re.IGNORECASE)
_BRACES = re.compile(r"\{[^{}]*\}")
_METHODS = ("get", "put", "post", "delete", "patch")
_OPERATIONS = 200  # at most
_LOGINS = ("/login", "/oauth/huggingface/login")


@dataclass(frozen=True)
class Operation:
    """What can be done at a path; what stands in braces there is for the caller to fill in."""

    method: str
    path: str
    takes_json: bool = False

    def filled(self, value: str) -> str:
        """Return the path with `value` in each place that is to be filled in."""
        return _BRACES.sub(lambda _: value, self.path)


@dataclass(frozen=True)
class ApiDescription:
    """What a Space says of its own API, as far as it says it."""

    paths: tuple[str, ...] = ()  # those that are complete as they stand
    servers: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class ApiDescribed(Evidence[ApiDescription]):
    """The OpenAPI description, where FastAPI and others have it."""

    needs: ClassVar = Followed.needs

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> ApiDescription:
        """Ask through the edge; what is no description says nothing."""
        with asking(around.ready(AS_DEPLOYED), Manner.OBSERVED) as asker:
            reply = asker.ask("GET", DESCRIPTION, limits=DESCRIPTION_LIMITS)
        return described(reply.text) if reply.ok else ApiDescription()


@dataclass(frozen=True)
class Redirected(Evidence[tuple[Reply, ...]]):
    """The replies of paths that may redirect: with a slash more or less than they have, and logins."""

    needs: ClassVar = Followed.needs
    seconds: ClassVar = Followed.seconds + 2 * MANY_SECONDS

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> tuple[Reply, ...]:
        """Ask through the edge for each, and follow none."""
        known = around.look(ApiDescribed()).paths
        paths = [*_turned(around.space.manifest.space.ready, known), *_logins(known)]
        with asking(around.ready(AS_DEPLOYED), Manner.OBSERVED) as asker:
            return tuple(heads(asker, dict.fromkeys(paths)))


def described(text: str) -> ApiDescription:
    """Read a description, whatever it is."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ApiDescription()
    said: dict[str, Any] = found if isinstance(found, dict) else {}
    paths, servers = said.get("paths"), said.get("servers")
    return ApiDescription(
        tuple(path for path in paths if "{" not in path) if isinstance(paths, dict) else (),
        tuple(str(each.get("url", "")) for each in servers if isinstance(each, dict))
        if isinstance(servers, list)
        else (),
        tuple(islice(_operations(paths), _OPERATIONS)) if isinstance(paths, dict) else (),
    )


def _operations(paths: dict[str, Any]) -> Iterator[Operation]:
    for path, known in paths.items():
        for method in _METHODS if isinstance(known, dict) else ():
            if isinstance(said := known.get(method), dict):
                body = said.get("requestBody")
                content = body.get("content") if isinstance(body, dict) else None
                takes_json = isinstance(content, dict) and "application/json" in content
                yield Operation(method.upper(), path, takes_json)


def _turned(ready: str, known: tuple[str, ...]) -> list[str]:
    """Return paths with a slash more or less than they have, which many servers mend by a redirect."""
    paths = dict.fromkeys([ready, "/docs", *known])
    return [path[:-1] if path.endswith("/") else f"{path}/" for path in paths if path != "/"][:_PATHS]


def _logins(known: tuple[str, ...]) -> list[str]:
    """Return paths that may send a visitor to who knows them."""
    return list(dict.fromkeys([*_LOGINS, *filter(_LOGIN.search, known)]))[:_PATHS]
