"""A Space answers through the edge as it was observed: under both hosts, and never asked a preflight."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from spacedock import platform
from spacedock.contract.evidence.preflights import preflight
from spacedock.contract.evidence.visits import status_of
from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.edge.base import HostForm, Manner
from spacedock.space import Space

_TIMEOUT_SECONDS = 10.0
_REFUSED = frozenset({400, 403, 421})  # how servers refuse a host or an origin that they do not know

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
    needs = frozenset({Capability.EDGE})

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Ask under each host and from each origin, then for what a credentialed call needs."""
        instance = instances.ready(AS_DEPLOYED)
        for path in dict.fromkeys([space.manifest.space.ready, "/"]):
            yield from self._hosts(space, instance, path)
        yield from self._origins(space, instance)
        if instances.dock.conditions.edge is Manner.OBSERVED:
            yield from self._credentials(space, instance)

    def _hosts(self, space: Space, instance: FullInstance, path: str) -> Iterator[Problem]:
        with httpx.Client(base_url=instance.url, timeout=_TIMEOUT_SECONDS, trust_env=False) as direct:
            statuses = {"directly": status_of(direct, path)}
        names = {HostForm.PUBLIC: space.host, HostForm.INTERNAL: platform.INTERNAL_HOST.value}
        for form, name in names.items():
            with instance.edge().client(Manner.OBSERVED, form) as client:
                statuses[f"with Host {name}"] = status_of(client, path)
        refused = {how: status for how, status in statuses.items() if status in _REFUSED}
        served = [f"{how} {status}" for how, status in statuses.items() if how not in refused]
        refused.pop("directly", None)  # nobody comes that way on the platform
        if refused and served:
            answers = ", ".join(f"{how} {status}" for how, status in refused.items())
            yield self.problem(
                f"GET {path} through the edge answers {answers}; {served[0]}", instance=instance
            )

    def _origins(self, space: Space, instance: FullInstance) -> Iterator[Problem]:
        path = space.manifest.space.ready
        with instance.edge().client(Manner.OBSERVED) as client:
            if status_of(client, path) in _REFUSED:
                return
            statuses = {
                origin: status_of(client, path, {"Origin": origin})
                for origin in dict.fromkeys([client_origin(client), *space.allowed_origins])
            }
        if refused := {origin: status for origin, status in statuses.items() if status in _REFUSED}:
            told = ", ".join(f"{status} from {origin}" for origin, status in refused.items())
            yield self.problem(f"GET {path} through the edge answers {told}; without an Origin it is served")

    def _credentials(self, space: Space, instance: FullInstance) -> Iterator[Problem]:
        origins = space.manifest.origins
        own = f"https://{space.host}"
        foreign = [origin for origin in space.allowed_origins if origin != own]
        if not origins.credentials or not is_preflighted(origins.method, origins.headers):
            return
        with instance.edge().client(Manner.OBSERVED) as client:
            kept_out = [origin for origin in foreign if not _lets_credentials(space, client, origin)]
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


def client_origin(client: httpx.Client) -> str:
    """The origin of the Space's own pages."""
    return f"{client.base_url.scheme}://{client.base_url.host}"


def _lets_credentials(space: Space, client: httpx.Client, origin: str) -> bool:
    answer = preflight(space, client, origin)
    return bool(answer.headers.get("access-control-allow-credentials") == "true")
