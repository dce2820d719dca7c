"""What a Space writes to its own disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.instance import TooManyToListError
from spacedock.evidence.base import CannotShow, Evidence, NotReady, Surroundings
from spacedock.evidence.boots import AS_IMAGE_USER, Booted, BootedAsImageUser, BootFacts, facts_of
from spacedock.evidence.quiet import quiet
from spacedock.space import Space


@dataclass(frozen=True)
class ForbiddenWrites:
    """What the image's own user wrote and the platform's may not, with what the latter said by then."""

    facts: BootFacts  # of the boot as the image's own user
    paths: tuple[str, ...]
    deployed_log: str


@dataclass(frozen=True)
class WrittenAsImageUser(Evidence[ForbiddenWrites]):
    """A boot as the image's own user, beside the one as deployed."""

    needs: ClassVar = BootedAsImageUser.needs | {Capability.DISK}

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """Both."""
        return (AS_DEPLOYED, AS_IMAGE_USER)

    def gather(self, around: Surroundings) -> ForbiddenWrites:
        """Look what was written, then what the other one complains of, which tries the same.

        Raises CannotShow where it wrote more than is listed.
        """
        deployed = around.look(Booted())
        if not deployed.ready:
            raise NotReady(deployed)
        instance = around.instance(AS_IMAGE_USER)
        try:
            paths = quiet(instance).forbidden()
        except TooManyToListError as error:
            raise CannotShow(frozenset(), str(error)) from error
        facts = facts_of(instance)
        return ForbiddenWrites(facts, paths, quiet(around.ready(AS_DEPLOYED)).logs())
