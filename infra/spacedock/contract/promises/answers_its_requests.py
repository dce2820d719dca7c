"""A Space answers what it is there for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.away import AwayServices, databases
from spacedock.evidence.base import Evidence, Unavailable
from spacedock.evidence.front import RootFails, RootFailure
from spacedock.evidence.naps import Napped
from spacedock.evidence.requests import Answered
from spacedock.space import Space


class AnswersItsRequests(Promise):
    """`/`, each request of the manifest alone, then eight of each at once: none is answered with a failure.

    Where services can be watched, none of them refuses what it asks to answer (401, 403, 404).

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
        "incidents root-answers-500, openai-httpx-proxies, qdrant-collection-missing, "
        "pgbouncer-prepared-statement, nested-supervisor-hidden-crash"
    )
    since = "0.3"
    evidence: ClassVar = (Answered, AwayServices, Napped, RootFails)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """All of them, as deployed."""
        return (RootFails(), Answered())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Tell how each request failed that did; which ones matter beside `/` the manifest knows."""
        answers = seen(Answered())
        yield from (self.problem(failed, log=answers.log) for failed in answers.failed)
        if root := seen(RootFails()):
            yield from self._root(root)
        if space.manifest.requests and space.manifest.services and not answers.failed:
            yield from self._shrugged_off(space, seen)

    def _shrugged_off(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look, where it can be watched, whether its services take what it asks of them."""
        if not seen.can_show(AwayServices):
            return
        with suppress(Unavailable):  # another promise says so
            away = seen(Napped()) if databases(space) else seen(AwayServices())
            for rebuff in away.rebuffs:
                yield self.problem(
                    f"its requests are answered although {rebuff}",
                    log=away.log,
                    consequence="RUNNING, and it works without that service: visitors get less than they "
                    "came for, and nothing on the platform says so.",
                    remedy="look which key, name or address it asks with: those of its environment are right",
                )

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
