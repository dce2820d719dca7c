"""How boots went: what one came to, what the platform would show of it, and what it said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

from spacedock.docks.boots import AS_DEPLOYED, BootResult, BootSpec, Cause
from spacedock.docks.capability import Capability
from spacedock.docks.instance import FullInstance, Process, TooManyToListError, Usage
from spacedock.docks.life import PlatformState, state_of
from spacedock.edge.base import HostForm, Manner
from spacedock.errors import SpaceBuildError
from spacedock.evidence.asking import Asker, directly, through
from spacedock.evidence.base import CannotShow, Evidence, NotBuilt, NotReady, NotSeen, Surroundings
from spacedock.evidence.quiet import quiet
from spacedock.space import Space

AS_IMAGE_USER = BootSpec(purpose="as the image's own user", user="image")
WITH_ENV_FILE = BootSpec(purpose="with a .env file in its working directory", env_file=True)
TO_BE_STOPPED = BootSpec(purpose="to be stopped with SIGTERM")
# A second boot of what has booted before, on services that keep what the first one left in them.
RESTARTED = BootSpec(purpose="restarted")

_BOOT = frozenset({Capability.BOOT})
_STEPS = 3  # of a Dockerfile that are named
_NEWS = 3.0  # seconds that an engine gets to tell the end of a process whose connections are broken


@dataclass(frozen=True)
class BootFacts:
    """What one boot came to, as it was when it was looked at."""

    spec: BootSpec
    result: BootResult
    state: PlatformState  # what the platform would show of it
    alive: bool
    exit_code: int | None
    log: str
    out_of_memory: bool
    exceeded: tuple[str, ...]  # the limits that it went over, in the platform's words
    at: float = field(default=0.0, compare=False)  # when it was looked at, by the monotonic clock

    @property
    def ready(self) -> bool:
        """Whether it came up and still lives."""
        return self.result.ready and self.alive

    @property
    def over_its_limits(self) -> bool:
        """Whether it was ended for its memory or its disk."""
        return self.out_of_memory or bool(self.exceeded)


def facts_of(instance: FullInstance) -> BootFacts:
    """Look at an instance at this moment."""
    result, usage = instance.boot, Usage()
    if result.cause is Cause.EXITED or not instance.alive():
        usage = instance.usage()
    return BootFacts(
        instance.spec,
        result,
        state_of(instance),
        instance.alive(),
        instance.exit_code(),
        instance.logs(),
        instance.out_of_memory(),
        usage.exceeded,
        time.monotonic(),
    )


@dataclass(frozen=True)
class Booted(Evidence[BootFacts]):
    """How the shared boot of `spec` went. With `attempted` nothing is concluded from a failure."""

    spec: BootSpec = AS_DEPLOYED
    attempted: bool = False

    needs: ClassVar = _BOOT

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """Its own."""
        return (self.spec,)

    def gather(self, around: Surroundings) -> BootFacts:
        """Boot it, or look at the one that runs."""
        board = around.attempt if self.attempted else around.instance
        return facts_of(board(self.spec))


@dataclass(frozen=True)
class BootedOtherwise(Booted):
    """The same of a boot that is given what the platform would not give it."""

    needs: ClassVar = _BOOT | {Capability.VARY}


@dataclass(frozen=True)
class BootedAsImageUser(Booted):
    """The same as the image's own user."""

    spec: BootSpec = AS_IMAGE_USER

    needs: ClassVar = _BOOT | {Capability.VARY, Capability.IDENTITY}


@dataclass(frozen=True)
class Built(Evidence[SpaceBuildError | None]):
    """Whether the Space builds: what the builder said where it does not."""

    needs: ClassVar = _BOOT

    def gather(self, around: Surroundings) -> SpaceBuildError | None:
        """Wait for the dock. Raises NotSeen where it came to be without each step of the Dockerfile."""
        try:
            dock = around.dock
        except NotBuilt as error:
            return error.error
        if dock.not_carried_out:
            raise NotSeen(f"the {dock.name} dock did not carry out {_told(dock.not_carried_out)}")
        return None


@dataclass(frozen=True)
class Processes(Evidence[tuple[Process, ...]]):
    """The living processes of an instance."""

    spec: BootSpec = AS_DEPLOYED

    needs: ClassVar = _BOOT

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one that is looked at."""
        return (self.spec,)

    def gather(self, around: Surroundings) -> tuple[Process, ...]:
        """Look at it once it is ready and at rest: the first worker answers before the others are there.

        Raises CannotShow where they are more than are listed.
        """
        try:
            return quiet(around.ready(self.spec)).processes()
        except TooManyToListError as error:
            raise CannotShow(frozenset(), str(error)) from error


@dataclass(frozen=True)
class RunningUser(Evidence[int | None]):
    """The user id of an instance's main process; None where nobody can tell."""

    spec: BootSpec = AS_DEPLOYED

    needs: ClassVar = _BOOT | {Capability.IDENTITY}

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """The one that is looked at."""
        return (self.spec,)

    def gather(self, around: Surroundings) -> int | None:
        """Look at it once it is ready."""
        return around.ready(self.spec).identity()


def require_boot(around: Surroundings) -> None:
    """Raise NotReady where the Space does not come up as deployed: it need not be booted for more.

    Nothing is booted again for it, where only one instance may run.
    """
    if not (deployed := around.look(Booted())).ready:
        raise NotReady(deployed)


def here(instance: FullInstance) -> Asker:
    """Ask an instance where it listens, by the host that the platform has told it that it has."""
    return directly(instance.url, host=instance.environment.get("SPACE_HOST", "").partition(",")[0])


@contextmanager
def asking(
    instance: FullInstance, manner: Manner | None = None, host: HostForm = HostForm.PUBLIC
) -> Iterator[Asker]:
    """Ask an instance, through its edge where a `manner` is given.

    Raises NotReady on leaving where connections broke because the instance has ended by itself meanwhile:
    what it answered then says nothing.
    """
    with here(instance) if manner is None else through(instance.edge(), manner, host) as asker:
        yield asker
        if asker.broke and instance.ended(within=_NEWS):
            raise NotReady(facts_of(instance))


def _told(steps: tuple[str, ...]) -> str:
    more = len(steps) - _STEPS
    return "; ".join(steps[:_STEPS]) + (f"; and {more} more" if more > 0 else "")
