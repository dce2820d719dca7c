"""What callers are told while the model refuses, in each of the ways that OpenAI has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import BootSpec
from spacedock.docks.capability import Capability
from spacedock.evidence.asking import Reply
from spacedock.evidence.away import in_a_bay
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.evidence.boots import require_boot
from spacedock.evidence.quiet import quiet
from spacedock.evidence.requests import fails, require_answers_of, sent
from spacedock.services.faults.openai import RequestFault

MODEL = "openai"
_EVERY = 1000  # requests: more than any client tries
# How OpenAI refuses what cannot be mended by asking again, and what can. A client that waits as long as it is
# told to waits no time here.
_REFUSALS = {
    "401 invalid_api_key": RequestFault(error="invalid_api_key", times=_EVERY),
    "429 rate_limit_exceeded": RequestFault(error="rate_limit_exceeded", times=_EVERY, retry_after=0),
    "429 insufficient_quota": RequestFault(error="insufficient_quota", times=_EVERY, retry_after=0),
}


@dataclass(frozen=True)
class Refusal:
    """What one request was answered while OpenAI refused in one way, and what the log said by then."""

    told: str
    reply: Reply
    log: str


@dataclass(frozen=True)
class RefusedByModel(Evidence[tuple[Refusal, ...]]):
    """An instance of its own is asked each request while OpenAI refuses, in each of the ways that it has."""

    needs: ClassVar = frozenset({Capability.BOOT, Capability.VARY, Capability.SERVICES})
    disturbs: ClassVar = True

    def gather(self, around: Surroundings) -> tuple[Refusal, ...]:
        """Let OpenAI refuse as long as it takes to ask, in a bay of its own."""
        require_boot(around)
        return tuple(_refusals(around))


def _refusals(around: Surroundings) -> Iterator[Refusal]:
    model, environment = around.dock.model_bay("refusals")
    spec = BootSpec("to be refused by OpenAI", environment=environment)
    with in_a_bay(around, spec) as (instance, asker):
        require_answers_of(instance, asker, around.space.manifest.requests)
        for told, refusal in _REFUSALS.items():
            model.order(refusal)
            try:
                replies = tuple(sent(asker, around.space.manifest.requests, instance.environment))
            finally:
                model.take_back()
            log = quiet(instance).logs() if any(fails(reply) for reply in replies) else ""
            yield from (Refusal(told, reply, log) for reply in replies)
