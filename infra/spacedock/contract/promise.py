"""The words of the contract: a promise judges evidence and returns problems."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from spacedock.docks.capability import Capability
from spacedock.evidence.base import Evidence

if TYPE_CHECKING:
    from spacedock.docks.conditions import Conditions
    from spacedock.space import Space

LOG_LINES = 15

T = TypeVar("T")


class Level(StrEnum):
    """Whether a broken promise turns the verdict red."""

    MUST = "must"  # documented, or certain to break
    SHOULD = "should"  # observed once, contested, or good practice


@dataclass(frozen=True)
class Problem:
    """One way in which a promise was seen broken."""

    seen: str
    consequence: str  # what Hugging Face does with it
    remedy: str
    source: str
    log: str = ""  # the last lines of the instance, where they help
    level: Level | None = None  # its own, where it is not its promise's


class Seen(Protocol):
    """What a judgement is given: it asks for evidence and waits for it, and does nothing else."""

    @property
    def conditions(self) -> Conditions:
        """What the platform is taken to do in this run."""
        ...

    def can_show(self, *kinds: type[Evidence[Any]]) -> bool:
        """Whether evidence of these kinds can be gathered in this run."""
        ...

    def __call__(self, evidence: Evidence[T]) -> T:
        """Return what is seen. Raises Unavailable or CannotShow, which a judgement passes on."""
        ...


class Promise(ABC):
    """One thing that the contract holds a Space to. Its id is the name of its module."""

    title: ClassVar[str]
    reason: ClassVar[str]
    consequence: ClassVar[str]
    remedy: ClassVar[str]
    source: ClassVar[str]
    since: ClassVar[str]
    level: ClassVar[Level] = Level.MUST
    evidence: ClassVar[tuple[type[Evidence[Any]], ...]]  # all kinds that it may look at
    exit_code: ClassVar[int] = 1  # of a verdict that its being broken turns red

    @property
    def id(self) -> str:
        """The one name: of the module, the test, the waiver, the documentation."""
        return type(self).__module__.rpartition(".")[2].replace("_", "-")

    @property
    def needs(self) -> frozenset[Capability]:
        """What a run must be able to gather for all that it may look at."""
        return frozenset[Capability]().union(*(kind.needs for kind in self.evidence))

    @property
    def concludes(self) -> bool:
        """Whether it looks at what all else has led to."""
        return any(kind.concludes for kind in self.evidence)

    def nothing_to_check(self, _space: Space) -> str:
        """Return why this Space gives the promise nothing to check; empty when it does."""
        return ""

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """Return the evidence that it is sure to look at, so that it can be gathered ahead."""
        return ()

    @abstractmethod
    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Yield what is wrong. It runs no container, opens no socket and never sleeps."""

    def problem(
        self,
        seen: str,
        *,
        log: str = "",
        remedy: str = "",
        consequence: str = "",
        level: Level | None = None,
    ) -> Problem:
        """Return a problem of this promise, with the last lines of a log."""
        return Problem(
            seen=seen,
            consequence=consequence or self.consequence,
            remedy=remedy or self.remedy,
            source=self.source,
            log=tail(log),
            level=level,
        )


def tail(log: str, lines: int = LOG_LINES) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.splitlines()[-lines:])
