"""A Space runs as the user that Hugging Face gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.causes import cause_of_denial
from spacedock.contract.promise import Problem, Promise, Seen
from spacedock.docks.boots import Cause
from spacedock.evidence.base import Evidence, NotReady
from spacedock.evidence.boots import Booted, BootedAsImageUser, RunningUser
from spacedock.evidence.staying import SeenLast
from spacedock.space import Space

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
    evidence: ClassVar = (Booted, BootedAsImageUser, RunningUser, SeenLast)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """The instance as deployed, and who runs in it."""
        return (Booted(), RunningUser(), SeenLast())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look who runs, and whether anything was denied to it."""
        deployed = seen(Booted())
        if deployed.ready:
            yield from self._look(seen)
        elif deployed.result.cause is Cause.EXITED and seen(BootedAsImageUser(attempted=True)).result.ready:
            cause = cause_of_denial(deployed.log, space)
            said = f"as uid {platform.USER_ID.value} it {deployed.result}; as the image's own user it starts."
            yield self.problem(
                f"{said} {cause.seen[0].upper()}{cause.seen[1:]}" if cause else said + _denials(deployed.log),
                log=deployed.log,
                consequence=cause.consequence if cause else "",
                remedy=cause.remedy if cause else "",
            )
        else:
            raise NotReady(deployed)

    def _look(self, seen: Seen) -> Iterator[Problem]:
        user = seen(RunningUser())
        if user != platform.USER_ID.value:
            yield self.problem(
                f"the server runs as uid {user}, although it was started as {platform.USER_ID.value}"
            )
        if denied := _denials(seen(SeenLast()).log):
            yield self.problem(f"it starts, but something is denied to it.{denied}")


def _denials(log: str) -> str:
    lines = dict.fromkeys(match.strip() for match in _DENIED.findall(log))
    return "".join(f" Log: {line}" for line in lines)
