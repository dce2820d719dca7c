"""A Space runs as the user that Hugging Face gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacedock import platform
from spacedock.contract.instances import Instances
from spacedock.contract.promise import Problem, Promise
from spacedock.docks.boots import AS_DEPLOYED, BootSpec, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance
from spacedock.evidence.base import NotReady
from spacedock.space import Space

AS_IMAGE_USER = BootSpec(purpose="as the image's own user", user="image")
_DENIED = re.compile(r"^.*(?:Permission denied|PermissionError|EACCES).*$", re.MULTILINE)


class RunsAsUid1000(Promise):
    """Where the boot ends in an exit, a second one as the image's own user decides whether that was why."""

    title = "it runs as uid 1000"
    reason = "Files that root made during the build cannot be written by the user that runs the Space."
    consequence = "The container runs as uid 1000; the write fails with `[Errno 13] Permission denied`."
    remedy = (
        "`RUN useradd -m -u 1000 user`, `COPY --chown=user`, `USER user`, and write only below its HOME, "
        "/tmp, or a folder that it owns"
    )
    source = "spaces-sdks-docker, Permissions; incident uid1000-permission-denied"
    since = "0.1"
    needs = frozenset({Capability.IDENTITY})

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Look who runs, and whether anything was denied to it."""
        instance = instances.boot(AS_DEPLOYED)
        if instance.boot.ready and instance.alive():
            yield from self._look(instance)
        elif instance.boot.cause is Cause.EXITED and instances.boot(AS_IMAGE_USER).boot.ready:
            yield self.problem(
                f"as uid {platform.USER_ID.value} it {instance.boot}; as the image's own user it starts."
                f"{_denials(instance)}",
                instance=instance,
            )
        else:
            raise NotReady(instance)

    def _look(self, instance: FullInstance) -> Iterator[Problem]:
        user = instance.identity()
        if user != platform.USER_ID.value:
            yield self.problem(
                f"the server runs as uid {user}, although it was started as {platform.USER_ID.value}"
            )
        if denied := _denials(instance):
            yield self.problem(f"it starts, but something is denied to it.{denied}")


def _denials(instance: FullInstance) -> str:
    lines = dict.fromkeys(match.strip() for match in _DENIED.findall(instance.logs()))
    return "".join(f" Log: {line}" for line in lines)
