"""What a Space keeps private it answers to nobody who does not show that they may have it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import httpx

from spacedock.contract.evidence.asking import Answer, headers_of, send_through
from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.space import Space
from spacedock.space.manifest import Request

_REFUSALS = frozenset({401, 403})  # RFC 9110: who are you, and: not you
# What any page may send with a call (Fetch standard, CORS-safelisted): it shows nobody who it is.
_SAYS_NOTHING = frozenset({"accept", "accept-language", "content-language", "content-type", "range"})
_SOMEBODY = "https://somebody-else.example"


class AsksWhoCalls(Promise):
    """Through the edge where there is one: there no list of origins keeps anybody out."""

    title = "its private requests are refused to whoever does not show who they are"
    reason = (
        "The edge answers preflights itself and reflects the origin of whoever calls: CORS protects nothing, "
        "and outside of browsers it never did."
    )
    consequence = (
        "Any page, and anybody with curl, calls it and reads the answer; nothing in the log says so."
    )
    remedy = (
        "ask for a token or a session in each private route and answer 401 or 403 without it; a list of "
        "allowed origins is no lock"
    )
    source = "platform fact EDGE_REFLECTS_ORIGIN; incident cors-allowlist-not-enforced"
    since = "0.3"

    def nothing_to_check(self, space: Space) -> str:
        """What is private only the manifest knows."""
        return "" if any(_private(space)) else "the manifest names no private request"

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Call each as somebody who may, as nobody, and as nobody from another origin."""
        instance = instances.ready(AS_DEPLOYED)
        origin = next(iter(space.manifest.origins.refused), _SOMEBODY)
        with closing(_caller(instance, instances)) as client:
            for request in _private(space):
                yield from self._request(client, instance, request, origin)

    def _request(
        self, client: httpx.Client, instance: FullInstance, request: Request, origin: str
    ) -> Iterator[Problem]:
        headers = headers_of(request, instance)
        known = send_through(client, request, headers)
        if known.status is None or known.status >= 400:  # a refusal of everybody would prove nothing
            yield self.problem(
                f"{known}, with the headers that the manifest gives it",
                instance=instance,
                remedy="let its [[requests]] entry have the headers with which it is answered; `$NAME` "
                "stands for a secret or variable",
            )
            return
        bare = {name: value for name, value in headers.items() if name.lower() in _SAYS_NOTHING}
        for whence, more in {"": {}, f", called from {origin}": {"origin": origin}}.items():
            answer = send_through(client, request, {**bare, **more})
            if answer.status not in _REFUSALS:
                yield self.problem(f"{_told(answer)} to somebody who does not say who they are{whence}")


def _private(space: Space) -> Iterator[Request]:
    return (request for request in space.manifest.requests if request.private)


def _caller(instance: FullInstance, instances: Instances) -> httpx.Client:
    if Capability.EDGE in instances.dock.capabilities:
        return instance.edge().client(instances.dock.conditions.edge)
    return httpx.Client(base_url=instance.url, trust_env=False)


def _told(answer: Answer) -> str:
    """Return what happened, without the body: it is private."""
    if answer.status is None:
        return str(answer)
    return f"{answer.request.method} {answer.request.path} answers {answer.status}"
