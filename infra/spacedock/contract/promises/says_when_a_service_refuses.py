"""A Space whose model refuses a request says so to its caller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.evidence.refusals import MODEL, RefusedByModel
from spacedock.space import Space

_BARE = 500  # the status that tells nothing


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
    evidence: ClassVar = (RefusedByModel,)

    def nothing_to_check(self, space: Space) -> str:
        """What is asked the manifest names, and who refuses."""
        if MODEL not in space.manifest.services:
            return f"the manifest names no service `{MODEL}`"
        return "" if space.manifest.requests else "the manifest names no [[requests]]"

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """An instance that nobody else looks at: what it says now is no sign of how it is."""
        return (RefusedByModel(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look for what tells nothing: no answer, half of one, and a bare 500."""
        for refusal in seen(RefusedByModel()):
            if refusal.reply.failure or refusal.reply.status == _BARE:
                said = f"while OpenAI answers {refusal.told}, {refusal.reply}"
                yield self.problem(said, log=refusal.log)
