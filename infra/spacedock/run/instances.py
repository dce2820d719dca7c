"""The instances of a run: equal boot specs share one, which ends when nothing more is wanted of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Any

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.evidence.base import Evidence
from spacedock.run.events import BootEnded, Booting, Listener
from spacedock.run.slots import Slots, that_pay

_CLOSED_AT_ONCE = 4


class Superseded(Exception):  # noqa: N818 - a state of the run, which nobody is told
    """The run has given up what it was about: whoever still works for it stops."""


class Instances:
    """Boots specs on a dock, each once. A context manager: leaving closes every instance.

    Where only one may run at a time, a boot closes those that run: on a dock whose instances share the ports
    of one machine, and for a Space that does not boot beside another instance of it.
    """

    def __init__(
        self, dock: OpenDock, listen: Listener, came_up: list[BootSpec], *, one_at_a_time: bool
    ) -> None:
        self.one_at_a_time = one_at_a_time or dock.shares_ports
        self.every: list[FullInstance] = []
        self.came_up = came_up  # on these services, in this go of the run or an earlier one
        self._dock = dock
        self._listen = listen
        self._slots = Slots()
        self._shared: dict[BootSpec, Future[FullInstance]] = {}
        self._kept = {AS_DEPLOYED}
        self._wanted: defaultdict[BootSpec, set[Evidence[Any]]] = defaultdict(set)
        self._lock = Lock()
        self._closing = ThreadPoolExecutor(_CLOSED_AT_ONCE, "close")
        self._over = False

    def expect(self, evidence: Evidence[Any], specs: tuple[BootSpec, ...]) -> None:
        """Keep the instances of `specs` until the evidence has been gathered."""
        with self._lock:
            for spec in specs:
                self._wanted[spec].add(evidence)

    def keep(self, *specs: BootSpec) -> None:
        """Keep the instances of `specs` until the end: somebody will ask them for more."""
        with self._lock:
            self._kept.update(specs)

    def release(self, evidence: Evidence[Any]) -> None:
        """End the instances that were kept for nothing but this evidence, while others work."""
        with self._lock:
            free = [spec for spec, wanted in self._wanted.items() if evidence in wanted]
            for spec in free:
                self._wanted[spec].discard(evidence)
            done = [spec for spec in free if not self._wanted[spec] and spec not in self._kept]
            if self.one_at_a_time or self._over:
                return
            for spec in done:
                if (future := self._shared.get(spec)) and future.done() and not future.exception():
                    del self._shared[spec]
                    self._closing.submit(future.result().close)

    def get(self, spec: BootSpec) -> FullInstance:
        """Return the shared instance of `spec`, ready or not. Raises what the dock raises."""
        if self.one_at_a_time:
            self._close_all_but(spec)
        with self._lock:
            future = self._shared.get(spec)
            mine = future is None
            if future is None:
                future = self._shared[spec] = Future()
        if mine:
            self._fill(future, spec)
        return future.result()

    @contextmanager
    def own(self, spec: BootSpec) -> Iterator[FullInstance]:
        """Boot an instance that nobody else meets; leaving closes it."""
        if self.one_at_a_time:
            self._close_all_but(None)
        instance = self._boot(spec)
        try:
            yield instance
        finally:
            instance.close()

    def booted(self, spec: BootSpec) -> bool:
        """Whether an instance of the spec is there, or is being booted."""
        return spec in self._shared

    def shared(self) -> tuple[FullInstance, ...]:
        """Return the shared instances that have been booted."""
        done = [future for future in tuple(self._shared.values()) if future.done()]
        return tuple(future.result() for future in done if not future.exception())

    def settle(self) -> None:
        """Wait until no boot is under way."""
        self._slots.settle()

    def close_all(self) -> None:
        """Close every shared instance, and forget it: beside others it may have shown something else."""
        list(self._closing.map(lambda instance: instance.close(), self.shared()))
        self._shared.clear()

    def _fill(self, future: Future[FullInstance], spec: BootSpec) -> None:
        try:
            future.set_result(self._boot(spec))
        except BaseException as error:
            future.set_exception(error)
            raise

    def _boot(self, spec: BootSpec) -> FullInstance:
        with self._slots.turn():
            if self._over:
                raise Superseded
            self._listen(Booting(spec))
            instance = self._dock.boot(spec)
            self.every.append(instance)
            if instance.boot.ready:
                self.came_up.append(spec)
        if len(self.every) == 1 and not self.one_at_a_time:  # the first one says how many at once pay
            self._slots.widen(that_pay(instance.boot, instance.usage().peak_memory))
        self._listen(BootEnded(spec, instance.boot))
        return instance

    def _close_all_but(self, spec: BootSpec | None) -> None:
        for instance in self.shared():
            if instance.spec != spec and instance.alive():
                instance.close()
                del self._shared[instance.spec]

    def __enter__(self) -> Instances:
        return self

    def __exit__(self, *exc: object) -> None:
        """Close those that run and those that boot; a boot that has not begun does not begin."""
        with self._lock:  # nobody hands over one more to be closed
            self._over = True
        self._slots.widen(len(self._shared) + 1)
        for instance in tuple(self.every):
            self._closing.submit(instance.close)
        self._closing.shutdown(wait=True)
