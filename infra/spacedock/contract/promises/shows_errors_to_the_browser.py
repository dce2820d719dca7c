"""A Space's front end can read what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing

import httpx

from spacedock.contract.evidence.asking import PATIENCE, Answer, send
from spacedock.contract.evidence.preflights import preflight
from spacedock.contract.evidence.quiet import quiet
from spacedock.contract.instances import Instances
from spacedock.contract.promise import Level, Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.evidence.examples import told
from spacedock.services.faults.fault import NetworkFault
from spacedock.space import Space
from spacedock.space.manifest import Request

_ALLOW = "access-control-allow-origin"
_BROKEN = "{"  # no JSON
_JSON = "application/json"


class ShowsErrorsToTheBrowser(Promise):
    """Asked is what a browser may read when it goes well, in ways that it goes wrong.

    Bodies are broken, the headers of private requests are left out, and where there are services they refuse.
    """

    title = "an error carries the CORS header, so that the front end can read it"
    reason = (
        "A browser shows a page no answer without `Access-Control-Allow-Origin`, and what answers errors "
        "often stands outside of what adds it."
    )
    consequence = (
        "The browser reports `blocked by CORS policy`, and people mend CORS instead of the error. Hugging "
        "Face's edge was seen adding the header to every answer; it shows with a custom domain, or elsewhere."
    )
    remedy = (
        "let CORS be outermost: `app = CORSMiddleware(api, ...)` around the whole FastAPI or Starlette "
        "application instead of `add_middleware`, which stands inside of what answers an exception"
    )
    source = "Fetch standard, CORS check; Starlette's order of middleware; incident cors-missing-on-500"
    since = "0.3"
    level = Level.SHOULD  # the edge was seen to mend it

    def nothing_to_check(self, space: Space) -> str:
        """Without a page elsewhere that calls, no browser asks."""
        if not _front_ends(space):
            return "the manifest allows no other site's origin"
        known = space.manifest.requests or _called_with_a_body(space)
        return "" if known else "the manifest names no [[requests]] that could go wrong"

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Break what is asked; then, where it needs services, break those."""
        origin = _front_ends(space)[0]
        instance = instances.ready(AS_DEPLOYED)
        read = [request for request in space.manifest.requests if _is_read(instance, request, origin)]
        broken = [
            *_what_browsers_call(space, instance, origin),
            *(bad for good in read for bad in _spoilt(good)),
        ]
        if unreadable := dict.fromkeys(_unreadable(instance, broken, origin)):
            yield self.problem(told(unreadable), instance=quiet(instance))
        elif read and space.manifest.services and Capability.SERVICES in instances.dock.capabilities:
            yield from self._while_services_refuse(space, instances, read, origin)

    def _while_services_refuse(
        self, space: Space, instances: Instances, requests: Iterable[Request], origin: str
    ) -> Iterator[Problem]:
        with instances.dock.faults() as faults:
            spec = BootSpec("with services that refuse later", environment=faults.environment)
            with closing(instances.ready(spec)) as instance:
                for service in space.manifest.services:
                    faults.break_(service, NetworkFault("refuse"))
                if unreadable := list(_unreadable(instance, requests, origin)):
                    yield self.problem(
                        f"while every service refuses, {told(unreadable)}", instance=quiet(instance)
                    )


def _front_ends(space: Space) -> tuple[str, ...]:
    own = f"https://{space.host}"
    return tuple(origin for origin in space.allowed_origins if origin != own)


def _called_with_a_body(space: Space) -> bool:
    return space.manifest.origins.method not in {"GET", "DELETE"}


def _what_browsers_call(space: Space, instance: FullInstance, origin: str) -> Iterator[Request]:
    """Yield the manifest's call of browsers with a broken body, where the preflight lets it pass."""
    asked = space.manifest.origins
    with httpx.Client(base_url=instance.url, timeout=PATIENCE, trust_env=False) as client:
        if _called_with_a_body(space) and _shown(preflight(space, client, origin), origin):
            headers = {"content-type": _JSON}
            yield Request(path=asked.path, method=asked.method, headers=headers, body=_BROKEN)


def _is_read(instance: FullInstance, request: Request, origin: str) -> bool:
    """Whether a browser is shown the answer when it goes well."""
    answer = send(instance, request, {"origin": origin})
    return answer.status is not None and answer.status < 400 and _shown(answer, origin)


def _spoilt(request: Request) -> Iterator[Request]:
    """Yield the request in ways that ought to go wrong."""
    names = {name.lower() for name in request.headers}
    if request.body is not None:
        headers = request.headers if "content-type" in names else {**request.headers, "content-type": _JSON}
        yield request.model_copy(update={"body": _BROKEN, "headers": headers})
    if request.private:
        yield request.model_copy(update={"headers": {}})


def _unreadable(instance: FullInstance, requests: Iterable[Request], origin: str) -> Iterator[str]:
    """Yield the errors that a browser at `origin` is not shown."""
    for request in requests:
        answer = send(instance, request, {"origin": origin})
        if answer.status is not None and answer.status >= 400 and not _shown(answer, origin):
            given = answer.headers.get(_ALLOW)
            header = f"with `{_ALLOW}: {given}`" if given else f"without `{_ALLOW}`"
            yield f"{request.method} {request.path} answers {origin} {answer.status} {header}"


def _shown(answer: Answer | httpx.Response, origin: str) -> bool:
    return answer.headers.get(_ALLOW) in {origin, "*"}
