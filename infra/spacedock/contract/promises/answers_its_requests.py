"""A Space answers what it is there for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.requests import Answered
from spacedock.space import Space


class AnswersItsRequests(Promise):
    """Each request of the manifest alone, then eight of each at once: none is answered with a failure."""

    title = "it answers the requests that its manifest names"
    reason = (
        "A Space whose port answers is `Running`, whatever its routes do: a library, a driver or a "
        "collection that is not as the code believes shows with the first real request."
    )
    consequence = "RUNNING, and every visitor sees the error; nothing on the platform says so."
    remedy = "read the traceback in its log below; `spacedock diagnose` names what is known of it"
    source = (
        "incidents openai-httpx-proxies, qdrant-collection-missing, pgbouncer-prepared-statement, "
        "nested-supervisor-hidden-crash"
    )
    since = "0.3"
    evidence: ClassVar = (Answered,)

    def nothing_to_check(self, space: Space) -> str:
        """Which requests matter only the manifest knows."""
        return "" if space.manifest.requests else "the manifest names no [[requests]]"

    def wants(self, _space: Space) -> tuple[Answered, ...]:
        """All of them, as deployed."""
        return (Answered(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Tell how each request failed that did."""
        answers = seen(Answered())
        yield from (self.problem(failed, log=answers.log) for failed in answers.failed)
