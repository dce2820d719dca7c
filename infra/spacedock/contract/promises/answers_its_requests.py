"""A Space answers what it is there for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.evidence.front import RootFailure, RootFails
from spacedock.evidence.requests import Answered
from spacedock.space import Space


class AnswersItsRequests(Promise):
    """`/`, each request of the manifest alone, then eight of each at once: none is answered with a failure.

    A root that answers 404 is another promise's business.
    """

    title = "it answers `/`, and the requests that its manifest names"
    reason = (
        "A Space whose port answers is `Running`, whatever its routes do: a library, a driver or a "
        "collection that is not as the code believes shows with the first real request."
    )
    consequence = "RUNNING, and every visitor sees the error; nothing on the platform says so."
    remedy = "read the traceback in its log below; `spacedock diagnose` names what is known of it"
    source = (
        "incidents root-answers-5xx, openai-httpx-proxies, qdrant-collection-missing, pgbouncer-prepared-statement, "
        "nested-supervisor-hidden-crash"
    )
    since = "0.3"
    evidence: ClassVar = (Answered, RootFails)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """All of them, as deployed."""
        return (RootFails(), Answered())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Tell how each request failed that did; which ones matter beside `/` the manifest knows."""
        answers = seen(Answered())
        yield from (self.problem(failed, log=answers.log) for failed in answers.failed)
        if root := seen(RootFails()):
            yield from self._root(root)

    def _root(self, root: RootFailure) -> Iterator[Problem]:
        if not root.denied:
            yield self.problem(str(root.reply), log=root.log)
            return
        tried = ", ".join(dict.fromkeys(denial.host for denial in root.denied))
        yield self.problem(
            f"{root.reply}; it had tried {tried}, which the dock alone denies",
            log=root.log,
            consequence="In this dock nobody can tell what the platform's visitors would see.",
            remedy=f"allow what it needs in the manifest: `[egress] allow` ({tried})",
        )
