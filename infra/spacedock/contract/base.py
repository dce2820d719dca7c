"""The words of the contract: a promise is checked and yields problems; a finding says how it ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from spacedock.contract.instances import Instances
from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.space import Space

LOG_LINES = 15


class Level(StrEnum):
    """Whether a broken promise turns the verdict red."""

    MUST = "must"  # documented, or certain to break
    SHOULD = "should"  # observed once, contested, or good practice


class Outcome(StrEnum):
    """How one promise came out of one run."""

    KEPT = "kept"
    BROKEN = "broken"
    BLOCKED = "blocked"  # it could not be looked at, because the Space did not boot
    NOT_PROVEN = "not proven here"  # the dock cannot show it
    NOT_ASKED = "not asked"  # the manifest gives it nothing to check
    WAIVED = "waived"


@dataclass(frozen=True)
class Problem:
    """One way in which a promise was seen broken."""

    seen: str
    consequence: str  # what Hugging Face does with it
    remedy: str
    source: str
    log: str = ""  # the last lines of the instance, where they help


@dataclass(frozen=True)
class Finding:
    """What a run says of one promise."""

    promise: Promise
    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    detail: str = ""
    log: str = ""  # the last lines of a boot that did not come up
    seconds: float = 0.0


class Promise(ABC):
    """One thing that the contract holds a Space to. Its id is the name of its module."""

    title: ClassVar[str]
    reason: ClassVar[str]
    consequence: ClassVar[str]
    remedy: ClassVar[str]
    source: ClassVar[str]
    since: ClassVar[str]
    level: ClassVar[Level] = Level.MUST
    needs: ClassVar[frozenset[Capability]] = frozenset()
    exit_code: ClassVar[int] = 1  # of a verdict that its being broken turns red
    last: ClassVar[bool] = False  # it looks at what the checks of all others have led to

    @property
    def id(self) -> str:
        """The one name: of the module, the test, the waiver, the documentation."""
        return type(self).__module__.rpartition(".")[2].replace("_", "-")

    def nothing_to_check(self, _space: Space) -> str:
        """Return why this Space gives the promise nothing to check; empty when it does."""
        return ""

    def specs(self, _space: Space) -> tuple[BootSpec, ...]:
        """Return the boots that a check is sure to want, so that they can start at once."""
        return (AS_DEPLOYED,)

    def ahead(self, _space: Space, _dock: OpenDock) -> None:  # noqa: B027 - most promises have nothing to begin
        """Begin what a check is sure to want, takes long and is no boot; do not wait for it."""

    @abstractmethod
    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Yield what is wrong. Raises NotReady where a boot that it needs did not come up."""

    def problem(
        self, seen: str, *, instance: FullInstance | None = None, remedy: str = "", consequence: str = ""
    ) -> Problem:
        """Return a problem of this promise, with the last lines of `instance`."""
        return Problem(
            seen=seen,
            consequence=consequence or self.consequence,
            remedy=remedy or self.remedy,
            source=self.source,
            log=tail(instance.logs()) if instance else "",
        )


class LookPromise(Promise):
    """The simplest promise: it looks at the instance that all others look at too."""

    def check(self, space: Space, instances: Instances) -> Iterator[Problem]:
        """Boot as deployed and look."""
        yield from self.look(space, instances.ready(AS_DEPLOYED))

    @abstractmethod
    def look(self, space: Space, instance: FullInstance) -> Iterator[Problem]:
        """Yield what is wrong with an instance that is ready."""


def tail(log: str, lines: int = LOG_LINES) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.splitlines()[-lines:])
