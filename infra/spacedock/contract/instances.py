"""The instances of one run: equal boot specs share one, and boots start ahead where they can."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from threading import RLock
from typing import Any, Self, TypeVar

from spacedock.docks.boots import BootSpec, Cause
from spacedock.docks.dock import OpenDock
from spacedock.docks.instance import FullInstance
from spacedock.docks.life import state_of

# A boot is bound by the processor; more of them at once than this only slow each other down.
BOOTS_AT_ONCE = 4
# A second boot of what has booted before, on services that keep what the first one left in them.
RESTARTED = BootSpec(purpose="restarted")

_QUICK = 0.25  # of the window: a boot that takes less was not held up by a machine that is busy with others
_NEWS = 10.0  # seconds that an engine gets to tell the end of a process whose connections are broken
_POLL = 0.02

T = TypeVar("T")


class NotReady(Exception):  # noqa: N818 - a state that a promise meets, not an error of the harness
    """A boot that a promise needs did not come up, or its instance has ended since; `instance` says how."""

    def __init__(self, instance: FullInstance) -> None:
        what = f"the Space did not boot ({instance.spec.purpose}): {instance.boot}"
        if instance.boot.ready:
            what = f"the Space was ready and ended by itself ({instance.spec.purpose})"
        super().__init__(f"{what}; on the platform {state_of(instance)}")
        self.instance = instance


class Instances:
    """Boots orders on a dock, each once. A context manager: leaving closes every instance.

    On a dock whose instances share the ports of one machine, a boot closes the instances that run: one
    may hold the port, asked for or not. A promise therefore works with one instance at a time. So it is for a
    Space that does not boot while another instance of it runs, once that is known.

    All boots of a run share its services, and most run side by side. One that fails although nothing was
    withheld from it may have failed for the others' sake; it is tried again, so that only the promise
    that is about that is broken, in whatever order the boots came:

    - beside others only: `crowded` is the instance that failed;
    - always, once the Space has booted on these services: `spent` is the instance that failed.
    """

    def __init__(self, dock: OpenDock) -> None:
        self.dock = dock
        self.crowded: FullInstance | None = None
        self.spent: FullInstance | None = None
        self._boots: dict[BootSpec, Future[FullInstance]] = {}
        self._ahead: list[BootSpec] = []  # boots that wait for the first one to come up
        self._starting = RLock()
        self._pool = ThreadPoolExecutor(1 if dock.shares_ports else BOOTS_AT_ONCE, "boot")
        self._came_up: list[BootSpec] = []
        self._judged: set[BootSpec] = set()
        self._learned: dict[str, Any] = {}

    def start_ahead(self, specs: Iterable[BootSpec]) -> None:
        """Start the first boot of all now, and the others once that has come up.

        What does not boot at all need not be booted a dozen times to know it. Where only one may run,
        nothing is started.
        """
        if self._one_at_a_time:
            return
        with self._starting:
            for spec in specs:
                if self._boots and not self._came_up:
                    self._ahead.append(spec)
                else:
                    self._boot(spec)

    def boot(self, spec: BootSpec) -> FullInstance:
        """Return the instance of `order`, ready or not. Raises BootError when the dock could not even try.

        Raises NotReady for a boot that fails because the Space has booted on these services before, and for
        one that was ended for its limits: one promise tells of those, and nothing else follows from it.
        """
        if self.spent is not None and spec not in self._boots and _is_given_all(spec):
            raise NotReady(self.spent)
        instance = self._boot_now(spec)
        if instance.boot.over_its_limits:
            raise NotReady(instance)
        if _ought_to_succeed(instance) and self.spent is None and _bare(spec) not in self._judged:
            instance = self._judged_alone(instance)
        if _ought_to_succeed(instance) and self.spent is not None:
            raise NotReady(instance)
        return instance

    def attempt(self, spec: BootSpec) -> FullInstance:
        """Return the instance of a spec that may fail for what it is given: nothing is concluded."""
        return self._boot_now(spec)

    def ready(self, spec: BootSpec) -> FullInstance:
        """Return the instance of `order`; raise NotReady unless it answers."""
        instance = self.boot(spec)
        if not (instance.boot.ready and instance.alive()):
            raise NotReady(instance)
        return instance

    def settle(self) -> None:
        """Wait until no boot is under way: what is done to a service then meets nobody but who is asked."""
        while under_way := [boot for boot in tuple(self._boots.values()) if not boot.done()]:
            wait(under_way)

    def booted(self) -> tuple[FullInstance, ...]:
        """Return the instances that have been booted so far."""
        done = [boot for boot in tuple(self._boots.values()) if boot.done() and not boot.cancelled()]
        return tuple(boot.result() for boot in done if not boot.exception())

    def each(self, look: Callable[[FullInstance], T]) -> tuple[tuple[FullInstance, T], ...]:
        """Return each instance with what `look` gives of it; they are looked at side by side."""
        instances = self.booted()
        with ThreadPoolExecutor(BOOTS_AT_ONCE, "look") as pool:
            return tuple(zip(instances, pool.map(look, instances), strict=True))

    def once(self, name: str, learn: Callable[[], T]) -> T:
        """Return what `learn` returned under this name at first: some things can be seen only once."""
        if name not in self._learned:
            self._learned[name] = learn()
        learned: T = self._learned[name]
        return learned

    def learned(self, name: str) -> Any:
        """Return what was learned under this name; None when nothing was."""
        return self._learned.get(name)

    def gone(self, spec: BootSpec) -> FullInstance | None:
        """Return the instance of `order` when it was ready and has ended by itself, or does so right now."""
        if spec not in self._boots or not (instance := self._boots[spec].result()).boot.ready:
            return None
        limit = time.monotonic() + _NEWS
        while instance.alive() and time.monotonic() < limit:
            time.sleep(_POLL)
        return None if instance.alive() else instance

    @property
    def _one_at_a_time(self) -> bool:
        return self.dock.shares_ports or self.crowded is not None

    def _boot_now(self, spec: BootSpec) -> FullInstance:
        if self._one_at_a_time:
            self._close_all_but(spec)
        return self._boot(spec).result()

    def _boot(self, spec: BootSpec) -> Future[FullInstance]:
        with self._starting:
            if spec not in self._boots:
                self._boots[spec] = self._pool.submit(self._try, spec)
            return self._boots[spec]

    def _try(self, spec: BootSpec) -> FullInstance:
        instance = self.dock.boot(spec)
        if instance.boot.ready:
            with self._starting, suppress(RuntimeError):  # no boot is taken any more
                self._came_up.append(spec)
                while self._ahead:
                    self._boot(self._ahead.pop(0))
        return instance

    def _judged_alone(self, instance: FullInstance) -> FullInstance:
        """Return how the boot ends with no other instance beside it, where another one has come up."""
        wait([boot for boot in tuple(self._boots.values()) if boot.running()])
        self._judged.add(_bare(instance.spec))
        if not self._came_up:
            return instance
        alone = instance
        if not self._one_at_a_time:
            self._close_all()
            alone = self._boot_now(instance.spec)
            if alone.boot.ready:
                self.crowded = instance if _for_the_others_sake(instance, alone) else None
                return alone
        self.spent = self._seen_spent(alone)
        return alone

    def _seen_spent(self, instance: FullInstance) -> FullInstance | None:
        """Return the instance that shows that what came up once does not come up again; None when it does."""
        before = [spec for spec in self._came_up if _is_given_all(spec) and not spec.environment]
        if _bare(instance.spec) in map(_bare, before):
            return instance
        if not before:
            return None
        again = self._boot_now(replace(before[0], purpose=RESTARTED.purpose))
        return None if again.boot.ready else again

    def _close_all(self) -> None:
        """Close every instance, and forget it: what it showed beside others may be different alone."""
        for boot in tuple(self._boots.values()):
            boot.cancel()
        for closing in [self._pool.submit(instance.close) for instance in self.booted()]:
            closing.result()
        self._boots.clear()

    def _close_all_but(self, spec: BootSpec) -> None:
        for instance in self.booted():
            if instance.spec != spec and instance.alive():
                instance.close()
                del self._boots[instance.spec]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.each(lambda instance: instance.close())


def _ought_to_succeed(instance: FullInstance) -> bool:
    """Whether a boot has failed, with all that a Space needs, in a way that others may have caused."""
    failed = instance.boot.cause is Cause.EXITED or instance.boot.late
    return failed and _is_given_all(instance.spec)


def _is_given_all(spec: BootSpec) -> bool:
    """Whether none of the secrets is kept from it."""
    return not spec.withheld and not spec.blank


def _for_the_others_sake(beside: FullInstance, alone: FullInstance) -> bool:
    """Whether a boot that fails beside others and not alone was in their way, not short of processor time."""
    return not beside.boot.late or alone.boot.seconds < alone.boot.window.here * _QUICK


def _bare(spec: BootSpec) -> BootSpec:
    """Return the order without its purpose: what the Space itself is given."""
    return replace(spec, purpose="")
