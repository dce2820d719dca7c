"""A Space tells nobody its secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.boots import AS_DEPLOYED
from spacedock.evidence.base import NotReady
from spacedock.evidence.secrets import LeakedSecrets, ToldSecrets, specs_without_secrets
from spacedock.space import Space


class KeepsSecretsOutOfLogs(Promise):
    """The secrets of a run are random canaries; none may be in a log or an answer, however a boot ends.

    Searched at last is all that any instance wrote, and all that anybody was answered in the run.
    """

    title = "no secret appears in a log or an answer"
    reason = "A start that fails is when settings are dumped, and the log's tail goes to the Space page."
    consequence = "Everybody who may read the Space's log, or its error page, has the key."
    remedy = (
        "keep secrets in masked types (pydantic `SecretStr`), and log neither settings nor connection strings"
    )
    source = "security-secrets; the Space page shows the log's tail (incident missing-secret-crash)"
    since = "0.1"
    evidence: ClassVar = (LeakedSecrets, ToldSecrets)

    def nothing_to_check(self, space: Space) -> str:
        """Without secrets there is nothing to keep."""
        return "" if space.manifest.secrets else "the manifest names no secret"

    def wants(self, space: Space) -> tuple[LeakedSecrets, ...]:
        """The boot as deployed, and those that end in an error message."""
        return (LeakedSecrets(), *map(LeakedSecrets, specs_without_secrets(space)))

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Read what each boot wrote, and what the server answers; then all else that there is."""
        told: set[str] = set()
        for wanted in self.wants(space):
            leaks = seen(wanted)
            for leak in leaks.found:
                place = f"{leak.place} ({wanted.spec.purpose})"
                told |= {place, leak.place}
                yield self.problem(_said(leak.names, place), log=leaks.facts.log)
            if wanted.spec == AS_DEPLOYED and not leaks.facts.ready:
                raise NotReady(leaks.facts)
        for leak in seen(ToldSecrets()):
            if leak.place not in told:
                yield self.problem(_said(leak.names, leak.place))


def _said(names: Iterable[str], place: str) -> str:
    return f"the value of {', '.join(names)} is in {place}"
