"""A line break after a secret does a Space no harm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

from spacedock.contract.evidence.answered import require_answers
from spacedock.contract.evidence.asking import Answer, headers_of, send
from spacedock.contract.evidence.quiet import quiet
from spacedock.contract.instances import Instances
from spacedock.contract.promise import Level, Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.space import Space

_PURPOSE = "with a line break after each secret"
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
    needs = frozenset({Capability.SERVICES})

    def nothing_to_check(self, space: Space) -> str:
        """Without secrets none is pasted."""
        return "" if space.manifest.secrets else "the manifest names no secret"

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Compare with the boot as deployed. One that ends and names a secret has said what is wrong."""
        require_answers(space, instances)
        deployed = instances.ready(AS_DEPLOYED)
        headers = [headers_of(request, deployed) for request in space.manifest.requests]
        before = _answers(space, deployed, headers)
        with closing(instances.attempt(_pasted(space, deployed))) as instance:
            if not instance.boot.ready:
                if not _names_a_secret(space, instance):
                    yield self.problem(f"{_PURPOSE} it does not boot: {instance.boot}", instance=instance)
                return
            for earlier, answer in zip(before, _answers(space, instance, headers), strict=True):
                if _served(earlier) and not _served(answer):
                    yield self.problem(
                        f"{_PURPOSE} {answer}; without, {earlier.status}", instance=quiet(instance)
                    )


def _pasted(space: Space, deployed: FullInstance) -> BootSpec:
    values = deployed.environment
    there = sorted(name for name in space.manifest.secrets if name in values)
    return BootSpec(_PURPOSE, environment=tuple((name, f"{values[name]}\n") for name in there))


def _answers(space: Space, instance: FullInstance, headers: list[dict[str, str]]) -> list[Answer]:
    """Ask each request with these headers: callers know the secrets as they are."""
    return [send(instance, *asked) for asked in zip(space.manifest.requests, headers, strict=True)]


def _served(answer: Answer) -> bool:
    return not answer.failed and answer.status not in _NOT_LET_IN


def _names_a_secret(space: Space, instance: FullInstance) -> bool:
    """Whether it says in so many words which secret it is; the lines of code in a traceback are indented."""
    said = [line for line in instance.logs().splitlines() if line[:1].strip()]
    names = "|".join(map(re.escape, space.manifest.secrets))
    word = re.compile(rf"(?<![A-Za-z0-9_])({names})(?![A-Za-z0-9_])", re.IGNORECASE)
    return any(word.search(line) for line in said)
