"""A Space needs no `.env` file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.evidence.base import Evidence, NotReady
from spacedock.evidence.boots import WITH_ENV_FILE, Booted, BootedOtherwise
from spacedock.evidence.files import ShippedFiles
from spacedock.space import Space


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
    evidence: ClassVar = (ShippedFiles, Booted, BootedOtherwise)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """The files and the boot as deployed; one with a `.env` only where that fails."""
        return (ShippedFiles(), Booted())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look whether it came up, and if it did not, whether a `.env` mends it."""
        if ".env" in seen(ShippedFiles()):
            yield self.problem(
                "`.env` is among the files that would be pushed",
                remedy="remove it from git, name it in .gitignore and .dockerignore, revoke what was in it",
                consequence="Everybody can read it; Hugging Face's secret scanner writes to you.",
            )
        deployed = seen(Booted())
        if deployed.result.ready:
            return
        if (
            not deployed.result.failed
            or not seen(BootedOtherwise(WITH_ENV_FILE, attempted=True)).result.ready
        ):
            raise NotReady(deployed)
        yield self.problem(
            f"without a `.env` file it {deployed.result}; with one, holding the same values, it starts",
            log=deployed.log,
        )
