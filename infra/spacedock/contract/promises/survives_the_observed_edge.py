"""A Space answers through the edge as it was observed: under both hosts, and never asked a preflight."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.edge.base import Manner
from spacedock.evidence.asking import Reply
from spacedock.evidence.base import Evidence
from spacedock.evidence.hosts import MCP_PATHS, REFUSALS, FromOrigins, UnderEachHost
from spacedock.evidence.preflights import PreflightsAtTheEdge
from spacedock.space import Space

# What a browser sends without asking (Fetch standard, CORS-safelisted); JSON is no safelisted content type.
_SIMPLE_METHODS = frozenset({"GET", "HEAD", "POST"})
_SIMPLE_HEADERS = frozenset({"accept", "accept-language", "content-language", "range"})


class SurvivesTheObservedEdge(Promise):
    """Where the run takes the edge to be transparent, credentials are not asked for."""

    title = "it answers through the edge as it was observed"
    reason = (
        "The edge answers preflights itself, without `access-control-allow-credentials`, and names the Space "
        f"by its own host or by {platform.INTERNAL_HOST.value}."
    )
    consequence = (
        "The Space answers `Invalid host header` or 403 to everybody, although it works on a laptop, from "
        "curl and under its own host."
    )
    remedy = (
        f"allow both hosts, OWNER-NAME.hf.space (SPACE_HOST) and {platform.INTERNAL_HOST.value}, and compare "
        "an Origin with a list of yours, not with the Host"
    )
    source = (
        "platform facts SPACE_HOST, EDGE_ANSWERS_PREFLIGHT, EDGE_ALLOWS_CREDENTIALS; incidents "
        "untrusted-host-400, edge-eats-preflight-credentials"
    )
    since = "0.2"
    evidence: ClassVar = (UnderEachHost, FromOrigins, PreflightsAtTheEdge)

    def wants(self, space: Space) -> tuple[Evidence[Any], ...]:
        """The same page under each host and from each origin."""
        return (*_under_each_host(space), _from_origins(space))

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Compare what each host and each origin gets, then look at what a credentialed call needs."""
        every = (self._hosts(space, seen, asked) for asked in _under_each_host(space))
        yield from islice(chain.from_iterable(every), 1)  # one list of hosts refuses at each path
        yield from self._origins(space, seen)
        if seen.conditions.edge is Manner.OBSERVED:
            yield from self._credentials(space, seen)

    def _hosts(self, space: Space, seen: Seen, asked: UnderEachHost) -> Iterator[Problem]:
        found = seen(asked)
        replies = {how: reply for how, reply in found.named(space).items() if reply.answered}
        refused = {how: reply for how, reply in replies.items() if _is_refused(reply)}
        served = [f"{how} {reply.status}" for how, reply in replies.items() if how not in refused]
        refused.pop("directly", None)  # nobody comes that way on the platform
        if refused and (served or any(reply.misdirected for reply in refused.values())):
            answers = ", ".join(f"{how} {reply.status}" for how, reply in refused.items())
            beside = served[0] if served else "by no name is it served"
            yield self.problem(
                f"GET {asked.path} through the edge answers {answers}; {beside}", log=found.log
            )

    def _origins(self, space: Space, seen: Seen) -> Iterator[Problem]:
        path = space.manifest.space.ready
        if _is_refused(seen(UnderEachHost(path)).public):
            return
        refused = [(origin, reply) for origin, reply in seen(_from_origins(space)) if _is_refused(reply)]
        if refused:
            told = ", ".join(f"{reply.status} from {origin}" for origin, reply in refused)
            yield self.problem(f"GET {path} through the edge answers {told}; without an Origin it is served")

    def _credentials(self, space: Space, seen: Seen) -> Iterator[Problem]:
        origins = space.manifest.origins
        foreign = tuple(origin for origin in space.allowed_origins if origin != _own_origin(space))
        if not origins.credentials or not is_preflighted(origins.method, origins.headers):
            return
        replies = seen(PreflightsAtTheEdge(foreign))
        kept_out = [origin for origin, reply in replies if not _lets_credentials(reply)]
        if kept_out:
            yield self.problem(
                f"the preflight of a credentialed {origins.method} {origins.path} from {', '.join(kept_out)} "
                "is answered by the edge, without `access-control-allow-credentials: true`",
                consequence="The browser reports `blocked by CORS policy: ... The value of the "
                "'Access-Control-Allow-Credentials' header in the response is '' which must be 'true'`. "
                "Nothing in the Space can change it.",
                remedy=(
                    "call with a bearer token and `credentials: 'omit'` and say `credentials = false` in the "
                    "manifest's [origins]; or have the front end's own host pass the call on (a Vercel "
                    "rewrite, a route handler), so that it is of the same origin"
                ),
            )


def is_preflighted(method: str, headers: tuple[str, ...]) -> bool:
    """Whether a browser asks before such a call."""
    return method not in _SIMPLE_METHODS or any(name.lower() not in _SIMPLE_HEADERS for name in headers)


def _under_each_host(space: Space) -> tuple[UnderEachHost, ...]:
    return tuple(map(UnderEachHost, dict.fromkeys([space.manifest.space.ready, "/", *MCP_PATHS])))


def _from_origins(space: Space) -> FromOrigins:
    origins = dict.fromkeys([_own_origin(space), *space.allowed_origins])
    return FromOrigins(space.manifest.space.ready, tuple(origins))


def _own_origin(space: Space) -> str:
    """Return the origin of the Space's own pages."""
    return f"https://{space.host}"


def _is_refused(reply: Reply) -> bool:
    return reply.status in REFUSALS


def _lets_credentials(reply: Reply) -> bool:
    return reply.headers.get("access-control-allow-credentials") == "true"
