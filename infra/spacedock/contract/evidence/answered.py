"""Whether a Space, as deployed, answers the requests that its manifest names: other promises build on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spacedock.contract.evidence.asking import Answer, send, send_at_once
from spacedock.contract.evidence.quiet import quiet
from spacedock.contract.instances import Instances
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.docks.instance import FullInstance
from spacedock.evidence.base import NotReady
from spacedock.space import Space

_AT_ONCE = 8  # of each request: more than a small pool of connections has
_NAME = "requests as deployed"


class Unanswered(NotReady):
    """A request is not answered whatever is done to the Space, which another promise says of it."""

    def __init__(self, instance: FullInstance, seen: str) -> None:
        Exception.__init__(self, f"it cannot be told from what goes wrong anyway: {seen}")
        self.instance = instance


@dataclass(frozen=True)
class Asked:
    """The instance as deployed that was asked, and how its requests failed, if any did."""

    instance: FullInstance
    failed: tuple[str, ...]


def asked(space: Space, instances: Instances) -> Asked:
    """Send the requests: each alone, then many of each at once. They are sent once a run.

    Raises NotReady where the Space did not boot.
    """
    return instances.once(_NAME, lambda: _asked(space, instances.ready(AS_DEPLOYED)))


def require_answers(space: Space, instances: Instances) -> None:
    """Raise Unanswered where the requests fail as deployed, NotReady where the Space did not boot."""
    found = asked(space, instances)
    for seen in found.failed:
        raise Unanswered(found.instance, seen)


def _asked(space: Space, instance: FullInstance) -> Asked:
    failed = tuple(_failing(space, instance))
    return Asked(quiet(instance) if failed else instance, failed)


def _failing(space: Space, instance: FullInstance) -> Iterator[str]:
    """Ask one after the other; only where all goes well, ask all at once."""
    requests = space.manifest.requests
    if alone := [answer for answer in (send(instance, request) for request in requests) if answer.failed]:
        yield from map(str, alone)
    elif requests:
        crowd = send_at_once(instance, requests, _AT_ONCE)
        for answer in _each_once(answer for answer in crowd if answer.failed):
            yield f"alone it is answered; of {_AT_ONCE} of each request at once, {answer}"


def _each_once(answers: Iterator[Answer]) -> Iterator[Answer]:
    """Yield the first answer to each request."""
    seen: set[str] = set()
    for answer in answers:
        name = f"{answer.request.method} {answer.request.path}"
        if name not in seen:
            seen.add(name)
            yield answer
