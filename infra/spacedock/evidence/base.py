"""What evidence is: one thing that can be seen of a Space, described before it is gathered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from spacedock.docks.capability import Capability

if TYPE_CHECKING:
    from spacedock.docks.boots import BootSpec
    from spacedock.docks.conditions import Conditions
    from spacedock.docks.dock import OpenDock
    from spacedock.docks.instance import FullInstance
    from spacedock.errors import SpaceBuildError
    from spacedock.evidence.boots import BootFacts
    from spacedock.space import Space

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Input(StrEnum):
    """What evidence depends on: where none of it has changed, the evidence is still true."""

    README = "README"
    DOCKERFILE = "Dockerfile"
    MANIFEST = "manifest"
    FILES = "shipped files"
    REPOSITORY = "git repository"  # its index, history and remotes, and the workflows in it
    IMAGE = "image digest"
    CONDITIONS = "conditions"  # what the platform is taken to do in the run
    HARNESS = "harness"  # our own version


FILES = frozenset({Capability.FILES})
WHAT_IS_READ = frozenset({Input.README, Input.DOCKERFILE, Input.MANIFEST, Input.FILES, Input.HARNESS})
WHAT_RUNS = frozenset({Input.IMAGE, Input.MANIFEST, Input.CONDITIONS, Input.HARNESS})


class Evidence(ABC, Generic[T_co]):
    """A frozen dataclass that describes what is to be seen; equal evidence is gathered once a run.

    `disturbs` says that what is looked at is not the same afterwards: it has a bay of its own, an instance
    and faults of its services that nobody else meets. What `concludes` looks at what all else has led to.
    """

    needs: ClassVar[frozenset[Capability]]
    inputs: ClassVar[frozenset[Input]] = WHAT_RUNS
    disturbs: ClassVar[bool] = False
    concludes: ClassVar[bool] = False
    seconds: ClassVar[float] = 120.0  # that it may take beside the boots that it waits for

    def boots(self, _space: Space) -> tuple[BootSpec, ...]:
        """Return the shared instances that it is sure to look at: they are kept until it has."""
        return ()

    @abstractmethod
    def gather(self, around: Surroundings) -> T_co:
        """See it. Raises Unavailable where it cannot be seen for a reason that another promise tells."""


class Surroundings(Protocol):
    """What evidence is gathered with: the Space, its dock, instances of it, and other evidence."""

    @property
    def space(self) -> Space: ...
    @property
    def conditions(self) -> Conditions: ...
    @property
    def dock(self) -> OpenDock:
        """The dock, once it has been entered. Raises NotBuilt where the Space does not build."""
        ...

    def can_show(self, *kinds: type[Evidence[Any]]) -> bool:
        """Whether evidence of these kinds can be gathered in this run."""
        ...

    def look(self, evidence: Evidence[T]) -> T:
        """Return other evidence, gathered once a run."""
        ...

    def instance(self, spec: BootSpec) -> FullInstance:
        """Return the shared instance of `spec`, ready or not: look, and do not break it.

        Raises NotReady for a boot that fails because the Space has booted on these services before, and for
        one that was ended for its limits: one promise tells of those, and nothing else follows from it.
        """
        ...

    def attempt(self, spec: BootSpec) -> FullInstance:
        """Return the shared instance of a spec that may fail for what it is given: nothing is concluded."""
        ...

    def ready(self, spec: BootSpec) -> FullInstance:
        """Return the shared instance of `spec`. Raises NotReady unless it answers."""
        ...

    def own(self, spec: BootSpec) -> AbstractContextManager[FullInstance]:
        """Boot an instance that nobody else meets, ready or not; leaving closes it."""
        ...

    def every_instance(self) -> tuple[FullInstance, ...]:
        """Return every instance that was booted so far, closed ones too."""
        ...

    def held(self) -> Iterator[object]:
        """Yield what every piece of evidence that was gathered so far came to."""
        ...

    def interference(self) -> BootInterference:
        """Return what boots of this run did to each other, as far as that is known."""
        ...


class BootInterference(Protocol):
    """Boots that failed for the sake of others: beside them, or after them on the same services."""

    @property
    def crowded(self) -> BootFacts | None: ...
    @property
    def spent(self) -> BootFacts | None: ...


class Unavailable(Exception):  # noqa: N818 - a state that a judgement meets, no error of the harness
    """Evidence that does not come for a reason that is told elsewhere: `blame` is the promise that tells it.

    Without `blame` it is the Space that did not come up.
    """

    def __init__(self, detail: str, *, log: str = "", blame: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.log = log
        self.blame = blame


class NotBuilt(Unavailable):
    """There is nothing to boot: the Space does not build."""

    def __init__(self, error: SpaceBuildError) -> None:
        what = f"the Space does not build: {error.what}"
        super().__init__(what, log=error.log, blame="builds-from-what-is-pushed")
        self.error = error


class NotReady(Unavailable):
    """A boot that is needed did not come up, or its instance has ended since; `facts` say how."""

    def __init__(self, facts: BootFacts) -> None:
        what = f"the Space did not boot ({facts.spec.purpose}): {facts.result}"
        if facts.result.ready:
            what = f"the Space was ready and ended by itself ({facts.spec.purpose})"
        super().__init__(f"{what}; on the platform {facts.state}", log=facts.log)
        self.facts = facts


class CannotShow(Exception):  # noqa: N818 - a state that a judgement meets, no error of the harness
    """The run cannot see it: nothing is proven, and nothing is wrong. `why`, where it has the means to."""

    def __init__(self, missing: frozenset[Capability], why: str = "") -> None:
        super().__init__(why or ", ".join(sorted(missing)))
        self.missing = missing
        self.why = why


class NotSeen(Exception):  # noqa: N818 - a state that a judgement meets, no error of the harness
    """What would have been judged did not come to pass in this run: nothing is proven, or wrong."""
