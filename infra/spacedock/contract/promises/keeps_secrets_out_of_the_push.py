"""A push of a Space carries no secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.evidence.files import Deploys
from spacedock.evidence.leaks import is_env_file
from spacedock.evidence.pushed_secrets import Exposed, PushedSecrets
from spacedock.space import Space
from spacedock.space.workflows import brings_history

_NAMED = 5  # files that one problem names
_OUT_OF_HISTORY = (
    "revoke it: whoever has the repository has it; push one commit of an orphan branch, or rewrite the "
    "history (`git filter-repo --invert-paths --path ...`): to delete it in a later commit is no help"
)


class KeepsSecretsOutOfThePush(Promise):
    """Searched are the files as they stand and as they were, where a push brings the repository's history.

    What only the history has is a `should` unless a workflow pushes it. Tests, documentation and examples are
    left out: there keys are made up. Looked for are keys of known shapes,
    environment files below the root, and passwords in addresses of databases.
    """

    title = "no secret is in what is pushed"
    reason = "A key in a file is a key for everybody who may see the repository, and stays in its history."
    consequence = (
        "Everybody can read it; Hugging Face's secret scanner writes to you, and issuers revoke what they "
        "find."
    )
    remedy = (
        "revoke it; take it out of the file and of the history that is pushed, and read it from the "
        "environment, where a Space secret puts it"
    )
    source = "security-secrets (the scanner and its mail); incident key-committed"
    since = "0.4"
    evidence: ClassVar = (Deploys, PushedSecrets)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """How it is brought there says whether its history comes along."""
        return (Deploys(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Tell of each file what it holds, of many the first ones."""
        steps = seen(Deploys())
        found = seen(PushedSecrets(with_history=brings_history(steps)))
        for exposed in found[:_NAMED]:
            # Where nobody knows how it is brought there, the files may come alone.
            level = None if exposed.current or steps else Level.SHOULD
            yield self.problem(_told(exposed), remedy=_remedy(exposed, self.remedy), level=level)
        if others := found[_NAMED:]:
            level = None if steps or any(exposed.current for exposed in others) else Level.SHOULD
            yield self.problem(f"{len(others)} more are in other files", level=level)


def _told(exposed: Exposed) -> str:
    place = f"{exposed.path}:{exposed.line}" if exposed.line else exposed.path
    return (
        f"`{place}` holds {exposed.what}"
        if exposed.current
        else f"its history has {exposed.what} in `{place}`"
    )


def _remedy(exposed: Exposed, otherwise: str) -> str:
    if not exposed.current:
        return _OUT_OF_HISTORY
    if is_env_file(exposed.path):
        return "remove it from git, name it in .gitignore and .dockerignore, revoke what was in it"
    return otherwise
