"""A line break after a secret does a Space no harm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.asking import Reply
from spacedock.evidence.base import Evidence
from spacedock.evidence.boots import BootFacts
from spacedock.evidence.pasted import PURPOSE, Pasted
from spacedock.evidence.requests import fails
from spacedock.space import Space

_NOT_LET_IN = frozenset({401, 403})


class TakesSecretsAsTheyArePasted(Promise):
    """Booted once more with a line break after each secret, it is asked what it answered before."""

    title = "a line break after a secret does no harm"
    reason = (
        "The platform keeps what is pasted into a secret's field, and a copied line ends in a line break."
    )
    consequence = (
        "The Space is Running, and every call with that secret fails: no HTTP header may hold a line break, "
        "and no password matches. The error often quotes the secret, for all who read the log."
    )
    remedy = (
        'strip each secret where it is read: `os.environ["NAME"].strip()`, `str_strip_whitespace=True` in '
        "pydantic's settings; or refuse to start, with the secret's name"
    )
    source = "incident secret-trailing-newline (the platform keeps the line break: reported by users)"
    since = "0.3"
    level = Level.SHOULD
    evidence: ClassVar = (Pasted,)

    def nothing_to_check(self, space: Space) -> str:
        """Without secrets none is pasted."""
        return "" if space.manifest.secrets else "the manifest names no secret"

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """An instance that is given them so."""
        return (Pasted(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Compare with the boot as deployed. One that ends and names a secret has said what is wrong."""
        pasted = seen(Pasted())
        if not pasted.facts.result.ready:
            if not _names_a_secret(space, pasted.facts):
                said = f"{PURPOSE} it does not boot: {pasted.facts.result}"
                yield self.problem(said, log=pasted.log)
            return
        for earlier, reply in zip(pasted.before, pasted.after, strict=True):
            if _served(earlier) and not _served(reply):
                yield self.problem(f"{PURPOSE} {reply}; without, {earlier.status}", log=pasted.log)


def _served(reply: Reply) -> bool:
    return not fails(reply) and reply.status not in _NOT_LET_IN


def _names_a_secret(space: Space, facts: BootFacts) -> bool:
    """Whether it says in so many words which secret it is; the lines of code in a traceback are indented."""
    said = [line for line in facts.log.splitlines() if line[:1].strip()]
    names = "|".join(map(re.escape, space.manifest.secrets))
    word = re.compile(rf"(?<![A-Za-z0-9_])({names})(?![A-Za-z0-9_])", re.IGNORECASE)
    return any(word.search(line) for line in said)
