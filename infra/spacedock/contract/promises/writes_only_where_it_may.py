"""A Space writes where uid 1000 may, also when nobody forbids it more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.docks.image_facts import Identity
from spacedock.evidence.base import Evidence, NotReady, NotSeen
from spacedock.evidence.boots import Booted
from spacedock.evidence.disk import ForbiddenWrites, LostWrites, WrittenAsImageUser
from spacedock.evidence.image import ImageIdentity
from spacedock.space import Space

_USER = platform.USER_ID.value
_NAMED = 5
# What is written wherever it can be, and missed by nobody where it cannot.
_BY_THE_WAY = re.compile(r"/__pycache__(/|$)|\.pyc$|^/(proc|dev|sys|run/(lock|utmp))(/|$)")


class WritesOnlyWhereItMay(Promise):
    """A boot as the image's own user shows what that one writes and uid 1000, as whom it runs, may not.

    Looked at without one: databases that came with the image, a Redis in it, what its log says.
    """

    title = "what it writes as the image's own user, uid 1000 may write too"
    reason = (
        "As uid 1000 the write fails, and a Space that swallows the failure goes on without what it wrote."
    )
    consequence = (
        f"The container runs as uid {_USER}, in spite of the image's own user: the file is not there, and no "
        "log says so. Images without USER were also seen running as root: what works may change."
    )
    remedy = (
        "`USER 1000` in the Dockerfile, so that both are one; write below its HOME, /tmp, or a folder that "
        "`--chown=1000` gave to it"
    )
    source = "spaces-sdks-docker, Permissions; incident uid1000-permission-denied; root observed in 2026"
    since = "0.2"
    level = Level.SHOULD
    evidence: ClassVar = (Booted, ImageIdentity, LostWrites, WrittenAsImageUser)

    def wants(self, space: Space) -> tuple[Evidence[Any], ...]:
        """The second boot is sure to be wanted only where the Dockerfile itself ends as root."""
        users = [step.value[0] for step in space.dockerfile.final_stage if step.cmd == "USER"]
        as_root = users and users[-1].partition(":")[0] in {"root", "0"}
        return (Booted(), ImageIdentity(), *([WrittenAsImageUser()] if as_root else []))

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Compare the two users, where they are two."""
        deployed = seen(Booted())
        if not deployed.ready:
            raise NotReady(deployed)
        if seen.can_show(LostWrites):
            yield from self._lost(seen(LostWrites()))
        identity = seen(ImageIdentity())
        if identity is None:
            raise NotSeen("there is no image here, and no user of its own")
        if identity.user == _USER:
            return
        written = seen(WrittenAsImageUser())
        if not written.facts.result.ready:
            yield self.problem(
                f"as the image's own user ({identity}) it {written.facts.result}; as uid {_USER} it starts",
                log=written.facts.log,
                consequence="Images without USER were seen running as root: there it does not start.",
            )
        elif paths := _missed(written, identity):
            yield self.problem(
                f"as the image's own user ({identity}) it writes {_listed(paths)}; uid {_USER} may not, and "
                "starts without a word of it"
            )

    def _lost(self, lost: Iterable[str]) -> Iterator[Problem]:
        """Tell what is not written, however it starts."""
        for said in lost:
            yield self.problem(
                said,
                consequence=f"The container runs as uid {_USER}: it reads well, and what is to be kept is "
                "lost or answered with an error, hours after the start.",
                remedy="give file and folder to the user that the Space runs as (`RUN chown 1000 DIR FILE`, "
                "`COPY --chown=1000`), or write to a copy below /tmp; what must stay belongs outside",
            )


def _missed(written: ForbiddenWrites, identity: Identity) -> list[str]:
    """Return what uid 1000 could not write and did not complain of; HOME is the user's own in any case."""
    home = "" if identity.home == "/" else f"{identity.home.rstrip('/')}/"
    return [
        path
        for path in written.paths
        if not _BY_THE_WAY.search(path)
        and not (home and f"{path}/".startswith(home))
        and path not in written.deployed_log  # runs-as-uid-1000 tells it
    ]


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more
