"""The one loop: enters a dock, gathers evidence side by side, and has each promise judge it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from spacedock.contract.finding import Finding, Outcome
from spacedock.contract.promise import Promise
from spacedock.docks.capability import Capability
from spacedock.docks.conditions import AS_OBSERVED
from spacedock.docks.dock import Dock, OpenDock
from spacedock.errors import EngineError, SpaceBuildError
from spacedock.evidence.base import FILES, Evidence, NotBuilt
from spacedock.evidence.boots import BootFacts
from spacedock.run.events import Entered, Found, Left, Listener, Read, Repeated, unheard
from spacedock.run.gathering import Gathering
from spacedock.run.instances import Instances, Superseded
from spacedock.run.interference import Neighbours, Suspected
from spacedock.run.judging import judge
from spacedock.run.plan import first_boot, needs_of, planned
from spacedock.space import Space

T = TypeVar("T")
Judged = Finding | Suspected | Superseded


class Run:
    """One run of a Space, in a dock or, without one, by its files alone. A context manager: leaving ends all.

    `gathering` is where it stands: it may be asked for more evidence as long as the run is open.
    """

    def __init__(self, space: Space, dock: Dock | None = None, listen: Listener = unheard) -> None:
        self.space = space
        self.dock: OpenDock | None = None  # once it has been entered
        self.conditions = dock.conditions if dock else AS_OBSERVED
        self._described = dock
        self._listen = listen
        self._stack = ExitStack()
        self._go = ExitStack()  # of the instances of the present go
        self._neighbours = Neighbours()
        self._files = Gathering(space, self.conditions, FILES, listen)
        self.gathering = self._files
        listen(Read(space))

    def judge(self, promises: Iterable[Promise]) -> tuple[Finding, ...]:
        """Return a finding for each promise, in order. What files tell is told before anything is built.

        Raises EngineError, BootError and BuildError where something else than the Space does not come up.
        """
        promises = tuple(promises)
        found = {finding.promise.id: finding for finding in self._by_files(promises)}
        rest = [promise for promise in promises if not _is_settled(found[promise.id])]
        if self._described is not None and rest:
            self.enter()
            found |= {finding.promise.id: finding for finding in self._until_undisturbed(rest)}
        return tuple(found[promise.id] for promise in promises)

    @property
    def dock_name(self) -> str:
        """Which dock it is held in; empty where files alone are looked at."""
        return self._described.name if self._described else ""

    @property
    def header(self) -> tuple[str, ...]:
        """What a reader of the verdict must know of the dock."""
        if self.dock is not None:
            return self.dock.header
        return ("the Space does not build",) if self.gathering is not self._files else ()

    def enter(self) -> None:
        """Enter the dock, once. A Space that does not build is evidence, and no error."""
        if self._described is None or self.gathering is not self._files:
            return
        began = time.monotonic()
        try:
            self.dock = self._stack.enter_context(self._described)
        except SpaceBuildError as error:
            self.gathering = self._files.unbuilt(NotBuilt(error), self._described.capabilities)
            return
        self._listen(Entered(self.dock.name, self.dock.header, time.monotonic() - began))
        self._begin_go(self.dock, one_at_a_time=False)

    def _by_files(self, promises: Iterable[Promise]) -> Iterator[Finding]:
        """Judge what files alone tell. With a dock, what else there is may still change it."""
        for promise in promises:
            finding = judge(promise, self._files, FILES, "what is read of files")
            final = self._described is None or _is_settled(finding)
            self._listen(Found(finding, ahead=self._described is not None, final=final))
            yield finding

    def _until_undisturbed(self, promises: list[Promise]) -> Iterator[Finding]:
        """Judge by all evidence; once more, where boots may have been in each other's way."""
        while True:
            outcome = self._side_by_side(promises)
            if not isinstance(outcome, Suspected):
                yield from outcome
                return
            self._start_over(outcome)

    def _start_over(self, suspected: Suspected) -> None:
        """See alone what failed beside others, and begin anew: one at a time where that was why."""
        self._listen(Repeated(f"{suspected} failed beside others; it is looked at alone"))
        dock = self._require_dock()
        alone = self._begin_go(dock, one_at_a_time=True)
        self._neighbours.judge_alone(suspected.instance, alone)
        if not self._neighbours.crowded:
            self._begin_go(dock, one_at_a_time=False)

    def _begin_go(self, dock: OpenDock, *, one_at_a_time: bool) -> Instances:
        """Begin with no instance and no evidence but that of files."""
        self._give_up()
        self._go.close()
        came_up = self._neighbours.came_up
        opened = Instances(dock, self._listen, came_up, one_at_a_time=one_at_a_time)
        instances = self._go.enter_context(opened)
        self.gathering = self._files.within(dock, instances, self._neighbours)
        return instances

    def _side_by_side(self, promises: list[Promise]) -> list[Finding] | Suspected:
        """Judge them all, what concludes after all others; give up where a boot must be seen alone."""
        findings: list[Finding] = []
        for concludes in (False, True):
            group = [promise for promise in promises if promise.concludes is concludes]
            for judged in self._judged(group):
                if not isinstance(judged, Finding):
                    self._give_up()
                    return judged
                findings.append(judged)
        return findings

    def _judged(self, promises: list[Promise]) -> Iterator[Finding | Suspected]:
        """Yield findings as they come, each from a thread of its own where instances may run side by side."""
        if self._one_at_a_time:
            yield from (self._one(promise) for promise in promises)
            return
        results: SimpleQueue[Finding | BaseException] = SimpleQueue()
        self._begin_ahead(promises)
        for promise in promises:
            work = Thread(target=self._put, args=(promise, results), name=f"judge {promise.id}", daemon=True)
            work.start()
        for _ in promises:
            judged = results.get()
            if isinstance(judged, BaseException) and not isinstance(judged, Suspected):
                raise judged
            yield judged

    def _put(self, promise: Promise, results: SimpleQueue[Finding | BaseException]) -> None:
        """Judge it and hand over what comes of it, whatever that is: somebody waits."""
        try:
            results.put(self._one(promise))
        except BaseException as error:  # the thread that waits raises it
            results.put(error)

    def _one(self, promise: Promise) -> Finding | Suspected:
        gathering = self.gathering
        where = f"the {self.dock_name} dock"
        canaries = self.dock.canaries if self.dock else {}
        offers = _what_pays(promise, self.space, gathering.offers)
        try:
            finding = judge(promise, gathering, offers, where).redacted(canaries)
        except Suspected as suspected:
            return suspected
        except Superseded:
            return Finding(promise, Outcome.ERROR)  # of a go that was given up: nobody is told
        if not gathering.over:
            self._listen(Found(finding))
        return finding

    def _begin_ahead(self, promises: list[Promise]) -> None:
        """Begin with the boot as deployed, and with all else that is sure to be wanted once that came up."""
        gathering = self.gathering
        plan = planned(promises, self.space, gathering.offers)
        for each in plan:
            gathering.expect(each)
        first = first_boot(plan, self.space)
        if self.dock is None or first is None:
            _begin_all(gathering, plan)
            return

        def go_on(came_up: Future[BootFacts]) -> None:
            if not came_up.exception() and came_up.result().ready:
                _begin_all(gathering, plan)

        gathering.begin(first).add_done_callback(go_on)

    @property
    def _one_at_a_time(self) -> bool:
        return self.dock is not None and (self.dock.shares_ports or self._neighbours.crowded is not None)

    def _require_dock(self) -> OpenDock:
        if self.dock is None:
            raise ValueError("no dock was entered")
        return self.dock

    def _give_up(self) -> None:
        """Let nothing more be gathered in the present go. What is read of files stays as it is."""
        if self.gathering is not self._files:
            self.gathering.give_up()

    def look(self, evidence: Evidence[T]) -> T:
        """Return more evidence, from the dock where there is one."""
        self.enter()
        return self.gathering.look(evidence)

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *exc: object) -> None:
        self._give_up()
        try:
            with self._stack:
                self._go.close()
        except EngineError as error:  # of which every finding that needed it tells
            self._listen(Left(error.what))


def _is_settled(finding: Finding) -> bool:
    """Whether files alone tell all that the promise asks."""
    asked = finding.outcome is not Outcome.NOT_ASKED
    return not asked or finding.promise.needs <= FILES


def _what_pays(promise: Promise, space: Space, offers: frozenset[Capability]) -> frozenset[Capability]:
    """Return what a judgement may look at: files alone, where it would boot and then not be able to judge."""
    return offers if needs_of(promise.wants(space)) <= offers else FILES


def _begin_all(gathering: Gathering, plan: Iterable[Evidence[Any]]) -> None:
    for each in plan:
        gathering.begin(each)
