"""A Space runs as the user that Hugging Face gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.causes import cause_of_denial
from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.base import Evidence, NotReady
from spacedock.evidence.boots import Booted, BootedAsImageUser, RunningUser
from spacedock.evidence.image import ImageIdentity
from spacedock.evidence.staying import SeenLast
from spacedock.space import Space

_DENIED = re.compile(r"^.*(?:Permission denied|PermissionError|EACCES).*$", re.MULTILINE)
# What a program says of something that it can do without, and goes on as if nothing were: gunicorn's socket
# for `gunicornc`, nginx' log before it has read where to write, bytecode and caches that are not kept.
_HARMLESS = re.compile(
    r"Control server error|\[alert\] could not open error log file|__pycache__|"
    r"created a temporary (?:config/)?cache directory|Fontconfig error"
)
_MAY_BE_ROOT = (
    "As uid 1000, as the documentation has it, the write fails with `[Errno 13] Permission denied`. Images "
    "without USER were also seen running as root, where it works."
)


class RunsAsUid1000(Promise):
    """Where the boot ends in an exit, a second one as the image's own user decides whether that was why.

    What is denied to an image without USER that starts all the same is a `should`: it may run as root there.
    """

    title = "it runs as uid 1000"
    reason = "Files that root made during the build cannot be written by the user that runs the Space."
    consequence = "The container runs as uid 1000; the write fails with `[Errno 13] Permission denied`."
    remedy = (
        "`RUN useradd -m -u 1000 user`, `COPY --chown=user`, `USER user`, and write only below its HOME, "
        "/tmp, or a folder that it owns"
    )
    source = "spaces-sdks-docker, Permissions; incident uid1000-permission-denied"
    since = "0.1"
    evidence: ClassVar = (Booted, BootedAsImageUser, RunningUser, SeenLast, ImageIdentity)

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """The instance as deployed, and who runs in it."""
        return (Booted(), RunningUser(), SeenLast())

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Look who runs, and whether anything was denied to it."""
        deployed = seen(Booted())
        if deployed.ready:
            yield from self._look(seen)
        elif deployed.result.failed and seen(BootedAsImageUser(attempted=True)).result.ready:
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
            named = identity.named if (identity := seen(ImageIdentity())) else "a user"
            yield self.problem(
                f"it starts, but something is denied to it.{denied}",
                consequence="" if named else _MAY_BE_ROOT,
                level=None if named else Level.SHOULD,
            )


def _denials(log: str) -> str:
    denied = (line.strip() for line in _DENIED.findall(log) if not _HARMLESS.search(line))
    lines = dict.fromkeys(denied)
    return "".join(f" Log: {line}" for line in lines)
