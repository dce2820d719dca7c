"""Errors that a browser at another origin is not shown: without the CORS header it reads nothing of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.evidence.asking import Asker, Reply, headers_of
from spacedock.evidence.away import breakable
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import asking
from spacedock.evidence.clients import made_up
from spacedock.evidence.preflights import preflight
from spacedock.evidence.quiet import quiet
from spacedock.evidence.redirects import DESCRIPTION, DESCRIPTION_LIMITS, Operation, described
from spacedock.services.faults.fault import NetworkFault
from spacedock.space import Space
from spacedock.space.manifest import Request

_ALLOW = "access-control-allow-origin"
_BROKEN = "{"  # no JSON
_JSON = "application/json"
_LARGE = _BROKEN + "a" * 2**21  # more than most servers take
_NOTHING = "spacedock"  # of which a Space has none
_TRIED = 12  # operations of a description, at most

Values = Mapping[str, str]


@dataclass(frozen=True)
class Unreadable:
    """The errors that a browser at an origin is not shown, in words, and the log of who answered so."""

    seen: tuple[str, ...]
    log: str
    errors: int = 0  # all that there were, those that it is shown among them


@dataclass(frozen=True)
class ReadByBrowsers(Evidence[tuple[Request, ...]]):
    """The manifest's requests whose answer a browser at `origin` may read when it goes well."""

    origin: str

    needs: ClassVar = frozenset({Capability.BOOT})

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> tuple[Request, ...]:
        """Ask each as a browser there would."""
        instance = around.ready(AS_DEPLOYED)
        with asking(instance) as asker:
            every = around.space.manifest.requests
            return tuple(each for each in every if self._is_read(asker, each, instance.environment))

    def _is_read(self, asker: Asker, request: Request, values: Values) -> bool:
        reply = _from(asker, request, values, self.origin)
        return reply.status is not None and reply.status < 400 and _shown(reply, self.origin)


@dataclass(frozen=True)
class SpoiltRequests(Evidence[Unreadable]):
    """What browsers may read is asked in ways that ought to go wrong."""

    origin: str

    needs: ClassVar = ReadByBrowsers.needs

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> Unreadable:
        """Break bodies, leave the headers of private requests out, and try what the Space's API describes."""
        read = around.look(ReadByBrowsers(self.origin))
        instance = around.ready(AS_DEPLOYED)
        with asking(instance) as asker:
            called = _what_browsers_call(around.space, asker, self.origin)
            described = _described(asker, self.origin)
            spoilt = [*called, *(bad for good in read for bad in _spoilt(good)), *described]
            return _judged(instance, asker, spoilt, self.origin)


@dataclass(frozen=True)
class ErrorsWhileRefused(Evidence[Unreadable]):
    """What browsers may read is asked while every service refuses connections."""

    origin: str

    needs: ClassVar = frozenset({Capability.BOOT, Capability.VARY, Capability.SERVICES})
    disturbs: ClassVar = True

    def gather(self, around: Surroundings) -> Unreadable:
        """Boot while all is well, in a bay of its own, then break the services."""
        read = around.look(ReadByBrowsers(self.origin))
        with breakable(around, "with services that refuse later") as (faults, instance, asker):
            for service in around.space.manifest.services:
                faults.break_(service, NetworkFault("refuse"))
            return _judged(instance, asker, read, self.origin)


def called_with_a_body(space: Space) -> bool:
    """Whether the manifest's call of browsers has a body that can be broken."""
    return space.manifest.origins.method not in {"GET", "DELETE"}


def _what_browsers_call(space: Space, asker: Asker, origin: str) -> Iterator[Request]:
    """Yield the manifest's call of browsers with a broken body, where the preflight lets it pass."""
    asked = space.manifest.origins
    if called_with_a_body(space) and _shown(preflight(space, asker, origin), origin):
        headers = {"content-type": _JSON}
        yield Request(path=asked.path, method=asked.method, headers=headers, body=_BROKEN)


def _described(asker: Asker, origin: str) -> Iterator[Request]:
    """Yield requests of the API's description that go wrong, as far as browsers at `origin` may send them.

    No body is whole, so that none changes anything.
    """
    reply = asker.ask("GET", DESCRIPTION, headers={"origin": origin}, limits=DESCRIPTION_LIMITS)
    known = described(reply.text).operations if reply.ok else ()
    # Of a visitor of its own, so that no limit of others is used up.
    headers = {"x-forwarded-for": made_up()[0]}
    for each in [each for each in known if _can_go_wrong(each)][:_TRIED]:
        request = Request(path=each.filled(_NOTHING), method=each.method, headers=headers)
        if not each.takes_json:
            yield from [request] if _may_call(asker, request, (), origin) else []
        elif _may_call(asker, request, ("content-type",), origin):
            given = {**headers, "content-type": _JSON}
            for body in (_BROKEN, _LARGE):
                yield request.model_copy(update={"headers": given, "body": body})


def _can_go_wrong(operation: Operation) -> bool:
    """Whether there is something to break: a body, or what a reader fills in. Nothing is deleted."""
    if operation.method == "GET":
        return "{" in operation.path
    return operation.takes_json and operation.method != "DELETE"


def _may_call(asker: Asker, request: Request, wanted: tuple[str, ...], origin: str) -> bool:
    """Whether the Space lets a page at `origin` send such a request."""
    asked = {"Origin": origin, "Access-Control-Request-Method": request.method, **request.headers}
    if wanted:
        asked["Access-Control-Request-Headers"] = ",".join(wanted)
    reply = asker.ask("OPTIONS", request.path, headers=asked)
    return reply.ok and _shown(reply, origin)


def _spoilt(request: Request) -> Iterator[Request]:
    """Yield the request in ways that ought to go wrong."""
    names = {name.lower() for name in request.headers}
    if request.body is not None:
        headers = request.headers if "content-type" in names else {**request.headers, "content-type": _JSON}
        yield request.model_copy(update={"body": _BROKEN, "headers": headers})
    if request.private:
        yield request.model_copy(update={"headers": {}})


def _judged(instance: FullInstance, asker: Asker, requests: Iterable[Request], origin: str) -> Unreadable:
    """Send the requests as a page at `origin` would."""
    replies = [_from(asker, request, instance.environment, origin) for request in requests]
    errors = [reply for reply in replies if reply.status is not None and reply.status >= 400]
    seen = tuple(dict.fromkeys(_told(reply, origin) for reply in errors if not _shown(reply, origin)))
    return Unreadable(seen, quiet(instance).logs() if seen else "", len(errors))


def _told(reply: Reply, origin: str) -> str:
    given = reply.headers.get(_ALLOW)
    header = f"with `{_ALLOW}: {given}`" if given else f"without `{_ALLOW}`"
    return f"{reply.method} {reply.path} answers {origin} {reply.status} {header}"


def _from(asker: Asker, request: Request, values: Values, origin: str) -> Reply:
    """Send a request as a page at `origin` would."""
    return asker.send(request, {**headers_of(request, values), "origin": origin})


def _shown(reply: Reply, origin: str) -> bool:
    return reply.headers.get(_ALLOW) in {origin, "*"}
