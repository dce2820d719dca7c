"""A Space boots when it has all that it asks for."""

from __future__ import annotations

from collections.abc import Iterator

from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.contract.promises.runs_as_uid_1000 import AS_IMAGE_USER
from spacedock.contract.promises.starts_without_env_file import WITH_ENV_FILE
from spacedock.docks.boots import AS_DEPLOYED, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.docks.life import state_of
from spacedock.errors import BootError
from spacedock.evidence.base import NotReady
from spacedock.space import Space


class BootsAsDeployed(Promise):
    """An exit with a code other than 0, which no other user and no `.env` file would have prevented."""

    title = "it boots with what the platform gives it"
    reason = "A start that fails ends the Space, and its log is all that is left of it."
    consequence = (
        "RUNTIME_ERROR, with the log's last lines as the reason, until somebody pushes a mended one."
    )
    remedy = "read the last lines of its log below; `spacedock diagnose` names what is known of them"
    source = "spaces-overview, Lifecycle; incident missing-secret-crash"
    since = "0.3"
    exit_code = BootError.exit_code

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Look at the boot as deployed; one that has a promise of its own is left to that."""
        instance = instances.boot(AS_DEPLOYED)
        if instance.boot.ready:
            return
        if not _failed(instance) or _would_boot_otherwise(instances):
            raise NotReady(instance)
        state = state_of(instance)
        yield self.problem(f"it {instance.boot}", instance=instance, consequence=f"{state}.")


def _failed(instance: FullInstance) -> bool:
    """Whether it ended with an error of its own, and not for want of memory or disk."""
    ended = instance.boot.cause is Cause.EXITED and instance.boot.exit_code != 0
    return ended and not (instance.out_of_memory() or instance.usage().exceeded)


def _would_boot_otherwise(instances: Instances) -> bool:
    others = [AS_IMAGE_USER] if _tells_users_apart(instances.dock) else []
    return any(instances.attempt(spec).boot.ready for spec in (*others, WITH_ENV_FILE))


def _tells_users_apart(dock: OpenDock) -> bool:
    return Capability.IDENTITY in dock.capabilities
