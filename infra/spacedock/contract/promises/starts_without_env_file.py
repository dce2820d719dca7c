"""A Space needs no `.env` file."""

from __future__ import annotations

from collections.abc import Iterator

from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED, BootSpec, Cause
from spacedock.docks.capability import Capability
from spacedock.evidence.base import NotReady
from spacedock.space import Space

WITH_ENV_FILE = BootSpec(purpose="with a .env file in its working directory", env_file=True)


class StartsWithoutEnvFile(Promise):
    """Where the boot as deployed ends in an exit, a second one with a `.env` decides whether that was why."""

    title = "it starts without a .env file"
    reason = "A `.env` hides on every laptop what is missing on the platform, where there is none."
    consequence = (
        "Hugging Face gives variables and secrets as environment only; the Space ends in RUNTIME_ERROR."
    )
    remedy = "read settings from the environment; read `.env` only when it exists, and never commit it"
    source = "spaces-overview, Managing secrets and environment variables; incident env-file-committed"
    since = "0.1"
    needs = frozenset({Capability.SERVICES})

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Look whether it came up, and if it did not, whether a `.env` mends it."""
        if ".env" in space.files():
            yield self.problem(
                "`.env` is among the files that would be pushed",
                remedy="remove it from git, name it in .gitignore and .dockerignore, revoke what was in it",
                consequence="Everybody can read it; Hugging Face's secret scanner writes to you.",
            )
        instance = instances.boot(AS_DEPLOYED)
        if instance.boot.ready:
            return
        if instance.boot.cause is Cause.EXITED and instances.boot(WITH_ENV_FILE).boot.ready:
            yield self.problem(
                f"without a `.env` file it {instance.boot}; with one, holding the same values, it starts",
                instance=instances.boot(AS_DEPLOYED),
            )
            return
        raise NotReady(instance)
