"""A Space's clients are of versions that go with its services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.evidence.requests import AnsweredWithServices, Unanswered
from spacedock.space import Space

# How clients say it that compare versions: Qdrant's for Python and JavaScript, MongoDB's for Python.
_SAID = re.compile(
    r"^.*?((?:Qdrant )?[Cc]lient version \S+ is incompatible with server version \S+?(?=\.?\s|\.?$)"
    r"|reports wire version \d+, but this version of PyMongo requires at (?:least|most) \d+)",
    re.MULTILINE,
)


class MatchesItsServices(Promise):
    """The clients' own word is taken for it, from the log: once it was asked what makes it use them."""

    title = "no client of it says that it is too old or too new for its service"
    reason = (
        "A client and a server that are released together drift apart when one is pinned and the other is "
        "a cloud's."
    )
    consequence = (
        "Calls fail one by one: the server's answers gain fields that the client does not know, or it "
        "makes calls that the server does not know yet."
    )
    remedy = (
        "pin the client to the server's minor version, one more or one less at most, and raise both together"
    )
    source = "qdrant-client pull request 859; incident qdrant-version-mismatch"
    since = "0.3"
    level = Level.SHOULD
    evidence: ClassVar = (AnsweredWithServices,)

    def nothing_to_check(self, space: Space) -> str:
        """Without a service there is no client."""
        return "" if space.manifest.services else "the manifest names no service"

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """Each request, since many a client is made when it is first needed."""
        return (AnsweredWithServices(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Read what was said of it."""
        answers = seen(AnsweredWithServices())
        found = tuple(dict.fromkeys(match[1] for match in _SAID.finditer(answers.log)))
        for said in found:
            yield self.problem(said, log=answers.log)
        if answers.failed and not found:  # who knows whether the client was ever made
            raise Unanswered(answers.failed[0], answers.log)
