"""Gathers evidence: each piece once, in a thread of its own, and whoever asks waits for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Any, TypeVar

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import Conditions
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.evidence.base import CannotShow, Evidence, NotBuilt, NotReady
from spacedock.evidence.boots import Booted, facts_of
from spacedock.run.events import Gathered, Listener
from spacedock.run.instances import Instances, Superseded
from spacedock.run.interference import Neighbours, bare, is_given_all, ought_to_succeed
from spacedock.space import Space

T = TypeVar("T")

_BOOTS_WAITED_FOR = 20  # start windows, at the most, that a piece of evidence may have to wait out


class NeverCameError(Exception):
    """A piece of evidence was not gathered within its limit."""

    def __init__(self, evidence: Evidence[Any], seconds: float) -> None:
        super().__init__(f"{evidence} did not come within {seconds:g} s")


class Gathering:
    """The evidence of one go of a run. `offers` says what the run can gather.

    Where there is no dock, there are files alone; where the Space did not build, `unbuilt` says so.
    """

    def __init__(
        self, space: Space, conditions: Conditions, offers: frozenset[Capability], listen: Listener
    ) -> None:
        self.space = space
        self.conditions = conditions
        self.offers = offers
        self._listen = listen
        self._pieces: dict[Evidence[Any], Future[Any]] = {}
        self._lock = Lock()
        self.over = False  # whoever still works for it stops at the next thing that it asks for
        self._dock: OpenDock | NotBuilt | None = None
        self._instances: Instances | None = None
        self._neighbours = Neighbours()

    def within(self, dock: OpenDock, instances: Instances, neighbours: Neighbours) -> Gathering:
        """Return one that goes on in a dock, with what was gathered of files."""
        other = Gathering(self.space, dock.conditions, dock.capabilities, self._listen)
        other._dock, other._instances, other._neighbours = dock, instances, neighbours
        other._pieces = self._of_files()
        return other

    def unbuilt(self, error: NotBuilt, offers: frozenset[Capability]) -> Gathering:
        """Return one for a Space that does not build: all that needs a dock meets `error`."""
        other = Gathering(self.space, self.conditions, offers, self._listen)
        other._dock = error
        other._pieces = self._of_files()
        return other

    @property
    def dock(self) -> OpenDock:
        """The dock. Raises NotBuilt where the Space does not build."""
        if isinstance(self._dock, NotBuilt):
            raise NotBuilt(self._dock.error)
        if self._dock is None:
            raise CannotShow(frozenset({Capability.BOOT}))
        return self._dock

    def can_show(self, *kinds: type[Evidence[Any]]) -> bool:
        """Whether evidence of these kinds can be gathered."""
        return all(kind.needs <= self.offers for kind in kinds)

    def look(self, evidence: Evidence[T]) -> T:
        """Return what is seen, gathered once. Raises CannotShow, and what gathering it raises."""
        if missing := evidence.needs - self.offers:
            raise CannotShow(missing)
        future = self.begin(evidence)
        limit = evidence.seconds
        if Capability.BOOT in evidence.needs:
            limit += _BOOTS_WAITED_FOR * self._window()
        try:
            found: T = future.result(timeout=limit)
        except TimeoutError:
            if future.done():
                raise  # it is what gathering raised
            raise NeverCameError(evidence, limit) from None
        return found

    def begin(self, evidence: Evidence[Any]) -> Future[Any]:
        """Begin to gather, unless somebody has; do not wait."""
        with self._lock:
            if evidence in self._pieces:
                return self._pieces[evidence]
            future = self._pieces[evidence] = Future()
        if self._instances is not None:
            self._instances.expect(evidence, evidence.boots(self.space))
        Thread(target=self._gather, args=(evidence, future), name=f"see {evidence}", daemon=True).start()
        return future

    def expect(self, evidence: Evidence[Any]) -> None:
        """Keep the instances that it will look at until it has."""
        if self._instances is not None and evidence not in self._pieces:
            self._instances.expect(evidence, evidence.boots(self.space))

    def keep(self, *specs: BootSpec) -> None:
        """Keep the instances of `specs` until the end of the run."""
        self._with_instances().keep(*specs)

    def gathered(self, evidence: Evidence[T]) -> T | None:
        """Return what was seen, where it was: nothing is begun."""
        future = self._pieces.get(evidence)
        return None if future is None or not future.done() or future.exception() else future.result()

    def give_up(self) -> None:
        """Let nothing more be gathered."""
        self.over = True

    def instance(self, spec: BootSpec) -> FullInstance:
        """Return the shared instance of `spec`, ready or not, and conclude from a failure what follows."""
        instances, neighbours = self._with_instances(), self._neighbours
        if neighbours.spent is not None and not instances.booted(spec) and is_given_all(spec):
            raise NotReady(neighbours.spent)
        instance = instances.get(spec)
        if instance.boot.over_its_limits:
            raise NotReady(facts_of(instance))
        neighbours.judge(instance, instances)
        if neighbours.spent is not None and ought_to_succeed(instance):
            raise NotReady(facts_of(instance))
        return instance

    def attempt(self, spec: BootSpec) -> FullInstance:
        """Return the shared instance of a spec that may fail for what it is given."""
        return self._with_instances().get(spec)

    def ready(self, spec: BootSpec) -> FullInstance:
        """Return the shared instance of `spec`. Raises NotReady unless it answers.

        What failed with the very same environment is not booted a dozen times to know it.
        """
        if failed := self._failed_alike(spec):
            raise NotReady(facts_of(failed))
        instance = self.instance(spec)
        if not (instance.boot.ready and instance.alive()):
            raise NotReady(facts_of(instance))
        return instance

    @contextmanager
    def own(self, spec: BootSpec) -> Iterator[FullInstance]:
        """Boot an instance that nobody else meets; leaving closes it."""
        with self._with_instances().own(spec) as instance:
            yield instance

    def every_instance(self) -> tuple[FullInstance, ...]:
        """Return every instance that was booted so far."""
        return tuple(self._instances.every) if self._instances is not None else ()

    def held(self) -> Iterator[object]:
        """Yield what every piece of evidence that was gathered so far came to."""
        for future in tuple(self._pieces.values()):
            if future.done() and not future.exception():
                yield future.result()

    def interference(self) -> Neighbours:
        """Return what is known of how boots bear each other."""
        return self._neighbours

    def _gather(self, evidence: Evidence[Any], future: Future[Any]) -> None:
        began, failure = time.monotonic(), ""
        try:
            future.set_result(self._gathered(evidence))
        except BaseException as error:  # whoever asked for it meets it
            failure = f"{type(error).__name__}: {error}"
            future.set_exception(error)
        if self._instances is not None:
            self._instances.release(evidence)
        self._listen(Gathered(evidence, time.monotonic() - began, failure))

    def _gathered(self, evidence: Evidence[T]) -> T:
        if self.over:
            raise Superseded
        return evidence.gather(self)

    def _failed_alike(self, spec: BootSpec) -> FullInstance | None:
        """Return a boot that was given the same and failed, where none that was has come up."""
        instances = self._with_instances()
        if spec != AS_DEPLOYED and bare(spec) == bare(AS_DEPLOYED):
            self._await_the_first()
        if any(bare(other) == bare(spec) for other in tuple(instances.came_up)):
            return None
        failed = (
            each for each in instances.shared() if bare(each.spec) == bare(spec) and not each.boot.ready
        )
        return next(failed, None)

    def _await_the_first(self) -> None:
        """Wait for the boot as deployed where it was begun; what comes of it is for whoever looks at it."""
        if first := self._pieces.get(Booted()):
            first.exception()

    def _of_files(self) -> dict[Evidence[Any], Future[Any]]:
        return {each: future for each, future in self._pieces.items() if each.needs == {Capability.FILES}}

    def _window(self) -> float:
        return self.space.startup_seconds * self.conditions.time_scale

    def _with_instances(self) -> Instances:
        self.dock  # noqa: B018 - raises where there is none
        if self.over:
            raise Superseded
        if self._instances is None:
            raise CannotShow(frozenset({Capability.BOOT}))
        return self._instances
