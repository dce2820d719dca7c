"""Whether a Space, as deployed, answers the requests that its manifest names: much else builds on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.evidence.asking import Asker, Reply, headers_of
from spacedock.evidence.base import Evidence, Surroundings, Unavailable
from spacedock.evidence.boots import asking
from spacedock.evidence.quiet import quiet
from spacedock.space import Space
from spacedock.space.manifest import Request

_AT_ONCE = 8  # of each request: more than a small pool of connections has


class Unanswered(Unavailable):
    """A request is not answered whatever is done to the Space, which another promise says of it."""

    def __init__(self, seen: str, log: str = "") -> None:
        super().__init__(
            f"it cannot be told from what goes wrong anyway: {seen}", log=log, blame="answers-its-requests"
        )


@dataclass(frozen=True)
class Answers:
    """What the requests were answered, each alone and in the manifest's order, and how any failed."""

    replies: tuple[Reply, ...]
    failed: tuple[str, ...]
    log: str  # once it had come to rest


@dataclass(frozen=True)
class Answered(Evidence[Answers]):
    """The manifest's requests, sent to the Space as deployed: each alone, then many of each at once."""

    needs: ClassVar = frozenset({Capability.BOOT})

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> Answers:
        """Ask one after the other; only where all goes well, ask all at once."""
        instance, requests = around.ready(AS_DEPLOYED), around.space.manifest.requests
        with asking(instance) as asker:
            replies = tuple(sent(asker, requests, instance.environment))
            failed = tuple(str(reply) for reply in replies if fails(reply))
            if requests and not failed:
                given = [with_values(request, instance.environment) for request in requests]
                crowd = asker.send_at_once(given, _AT_ONCE)
                failed = tuple(_of_a_crowd(reply for reply in crowd if fails(reply)))
        return Answers(replies, failed, quiet(instance).logs())


@dataclass(frozen=True)
class AnsweredWithServices(Evidence[Answers]):
    """The same, where there are services: what a client says of its service needs one that it talks to."""

    needs: ClassVar = Answered.needs | {Capability.SERVICES}

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one as deployed."""
        return (AS_DEPLOYED,)

    def gather(self, around: Surroundings) -> Answers:
        """Nothing is asked twice for it."""
        return around.look(Answered())


def sent(
    asker: Asker,
    requests: Iterable[Request],
    values: Mapping[str, str],
    more: Mapping[str, str] | None = None,
) -> Iterator[Reply]:
    """Send each request, `$NAME` in its headers filled in, and yield what came back."""
    for request in requests:
        yield asker.send(request, {**headers_of(request, values), **(more or {})})


def fails(reply: Reply) -> bool:
    """Whether the Space failed to answer: nothing, an error of its own, half of an answer, no such host."""
    return reply.failed or bool(reply.failure) or reply.misdirected


def require_answers(around: Surroundings) -> Answers:
    """Return what the requests are answered. Raises Unanswered where they fail as deployed."""
    answers = around.look(Answered())
    for seen in answers.failed:
        raise Unanswered(seen, answers.log)
    return answers


def require_answers_of(instance: FullInstance, asker: Asker, requests: Iterable[Request]) -> None:
    """Send each request to an instance before anything is broken. Raises Unanswered where one fails.

    So nobody waits for what others are answered: each looks at its own.
    """
    for reply in sent(asker, requests, instance.environment):
        if fails(reply):
            raise Unanswered(str(reply), quiet(instance).logs())


def with_values(request: Request, values: Mapping[str, str]) -> Request:
    """Return a request with `$NAME` in its headers filled in."""
    return request.model_copy(update={"headers": headers_of(request, values)})


def _of_a_crowd(failed: Iterator[Reply]) -> Iterator[str]:
    """Tell of each request the first reply that failed."""
    seen: set[str] = set()
    for reply in failed:
        name = f"{reply.method} {reply.path}"
        if name not in seen:
            seen.add(name)
            yield f"alone it is answered; of {_AT_ONCE} of each request at once, {reply}"
