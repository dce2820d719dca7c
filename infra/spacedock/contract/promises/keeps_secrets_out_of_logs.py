"""A Space tells nobody its secrets."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.contract.promises.names_missing_secrets import specs_without_secrets
from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.evidence.base import NotReady
from spacedock.space import Space

_TIMEOUT_SECONDS = 10.0
_NO_SUCH_PAGE = "/spacedock-no-such-page"


class KeepsSecretsOutOfLogs(Promise):
    """The secrets of a run are random canaries; none may be in a log or an answer, however a boot ends."""

    title = "no secret appears in a log or an answer"
    reason = "A start that fails is when settings are dumped, and the log's tail goes to the Space page."
    consequence = "Everybody who may read the Space's log, or its error page, has the key."
    remedy = (
        "keep secrets in masked types (pydantic `SecretStr`), and log neither settings nor connection strings"
    )
    source = "security-secrets; the Space page shows the log's tail (incident missing-secret-crash)"
    since = "0.1"
    needs = frozenset({Capability.SERVICES})

    def nothing_to_check(self, space: Space) -> str:
        """Without secrets there is nothing to keep."""
        return "" if space.manifest.secrets else "the manifest names no secret"

    def specs(self, space: Space) -> tuple[BootSpec, ...]:
        """The boot as deployed, and those that end in an error message."""
        return (AS_DEPLOYED, *specs_without_secrets(space))

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Read what each boot wrote, and what the server answers."""
        for spec in self.specs(space):
            instance = instances.boot(spec)
            answers = list(_answers(space, instance)) if instance.boot.ready else []
            texts = {"the log": instance.logs(), **dict(answers)}
            for place, text in texts.items():
                if names := self._leaked(instances, text):
                    yield self.problem(
                        f"the value of {', '.join(names)} is in {place} ({spec.purpose})", instance=instance
                    )
            if spec == AS_DEPLOYED and not instance.boot.ready:
                raise NotReady(instance)

    def _leaked(self, instances: Instances, text: str) -> list[str]:
        return [name for name, values in instances.dock.canaries.items() if any(v in text for v in values)]


def _answers(space: Space, instance: FullInstance) -> Iterator[tuple[str, str]]:
    """Yield what the server says where it speaks of its state, and where it has nothing to say."""
    with httpx.Client(base_url=instance.url, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
        for path in dict.fromkeys(("/", space.manifest.space.ready, _NO_SUCH_PAGE)):
            answer = client.get(path)
            yield f"the answer to GET {path}", f"{answer.headers}\n{answer.text}"
