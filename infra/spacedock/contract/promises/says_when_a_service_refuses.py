"""A Space whose model refuses a request says so to its caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from spacedock.contract.evidence.answered import require_answers
from spacedock.contract.evidence.asking import Answer, send
from spacedock.contract.evidence.quiet import quiet
from spacedock.contract.instances import Instances
from spacedock.contract.promise import Level, Problem, Promise
from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.services.faults.openai import OpenAIFaults, RequestFault
from spacedock.space import Space

REFUSED = BootSpec(purpose="to be refused by OpenAI")
_SERVICE = "openai"
_EVERY = 1000  # requests: more than any client tries
# How OpenAI refuses what cannot be mended by asking again, and what can. A client that waits as long as it is
# told to waits no time here.
_REFUSALS = {
    "401 invalid_api_key": RequestFault(error="invalid_api_key", times=_EVERY),
    "429 rate_limit_exceeded": RequestFault(error="rate_limit_exceeded", times=_EVERY, retry_after=0),
    "429 insufficient_quota": RequestFault(error="insufficient_quota", times=_EVERY, retry_after=0),
}
_BARE = frozenset({None, 500})  # no answer, and one that tells nothing


class SaysWhenAServiceRefuses(Promise):
    """An instance of its own is asked each request while OpenAI refuses, in each of the ways that it has."""

    title = "its callers are told when the model refuses, is busy or is not paid for"
    reason = (
        "Keys are withdrawn, rates are limited and quotas end, each with an exception of the client's own; "
        "one that nobody catches is a bare 500."
    )
    consequence = (
        "Visitors see `Internal Server Error` from the day on which the quota ends, and no front end can "
        "tell whether it is worth asking again."
    )
    remedy = (
        "catch the client's errors in one place (`openai.OpenAIError`) and answer 429 to a rate limit and "
        "503 to all else, with a word; ask again after a rate limit only"
    )
    source = "OpenAI's guide to its error codes; incidents openai-429-unhandled, openai-key-rejected"
    since = "0.3"
    level = Level.SHOULD
    needs = frozenset({Capability.SERVICES})

    def nothing_to_check(self, space: Space) -> str:
        """What is asked the manifest names, and who refuses."""
        if _SERVICE not in space.manifest.services:
            return f"the manifest names no service `{_SERVICE}`"
        return "" if space.manifest.requests else "the manifest names no [[requests]]"

    def specs(self, _space: Space) -> tuple[BootSpec, ...]:
        """An instance that nobody else looks at: what it says now is no sign of how it is."""
        return (REFUSED,)

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Let OpenAI refuse as long as it takes to ask, with no boot under way that could meet it too."""
        require_answers(space, instances)
        with closing(instances.ready(REFUSED)) as instance:
            instances.settle()
            model_faults = OpenAIFaults.of(instances.dock.services[_SERVICE])
            for told, refusal in _REFUSALS.items():
                for answer in _answers(space, instance, model_faults, refusal):
                    if answer.status in _BARE:
                        yield self.problem(f"while OpenAI answers {told}, {answer}", instance=quiet(instance))


def _answers(
    space: Space, instance: FullInstance, model_faults: OpenAIFaults, refusal: RequestFault
) -> tuple[Answer, ...]:
    model_faults.order(refusal)
    try:
        return tuple(send(instance, request) for request in space.manifest.requests)
    finally:
        model_faults.take_back()
