from __future__ import annotations

from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, ClassVar

import pytest

from spacedock.docks.boots import AS_DEPLOYED, BootSpec
from spacedock.docks.capability import Capability
from spacedock.evidence.base import Evidence, Surroundings
from spacedock.run.events import unheard
from spacedock.run.instances import Instances, Superseded
from tests.unit.fakes import FakeDock, FakeInstance, exited

OTHER = BootSpec(purpose="another")
ELSEWHERE = BootSpec(purpose="elsewhere", port=9000)


@dataclass(frozen=True)
class Piece(Evidence[None]):
    """Something to look at."""

    name: str

    needs: ClassVar = frozenset({Capability.BOOT})

    def gather(self, _around: Surroundings) -> None: ...


ONE, TWO = Piece("one"), Piece("two")


def opened(dock: FakeDock, *, one_at_a_time: bool = False) -> Instances:
    return Instances(dock, unheard, [], one_at_a_time=one_at_a_time)


def closed(instance: Any) -> bool:
    return bool(instance.closed)


def test_equal_specs_share_an_instance() -> None:
    dock = FakeDock()
    with opened(dock) as instances:
        assert instances.get(AS_DEPLOYED) is instances.get(BootSpec())
    assert dock.booted == [AS_DEPLOYED]


def test_leaving_closes_every_instance() -> None:
    with opened(FakeDock()) as instances:
        every = [instances.get(spec) for spec in (AS_DEPLOYED, OTHER)]
    assert [closed(each) for each in every] == [True, True]


def test_what_nothing_more_is_wanted_of_ends_at_once() -> None:
    with opened(FakeDock()) as instances:
        for piece in (ONE, TWO):
            instances.expect(piece, (OTHER,))
        other = instances.get(OTHER)
        instances.release(ONE)
        assert not closed(other)
        instances.release(TWO)
        assert not instances.booted(OTHER)
    assert closed(other)


def test_the_one_as_deployed_stays_for_whoever_asks_later() -> None:
    with opened(FakeDock()) as instances:
        instances.expect(ONE, (AS_DEPLOYED,))
        deployed = instances.get(AS_DEPLOYED)
        instances.release(ONE)
        assert not closed(deployed)
        assert instances.get(AS_DEPLOYED) is deployed


def test_one_that_was_ended_is_booted_anew_for_whoever_asks_later() -> None:
    dock = FakeDock()
    with opened(dock) as instances:
        instances.expect(ONE, (OTHER,))
        instances.get(OTHER)
        instances.release(ONE)
        assert instances.get(OTHER).alive()
    assert dock.booted == [OTHER, OTHER]


def test_an_instance_of_its_own_is_shared_with_nobody_and_closed() -> None:
    dock = FakeDock()
    with opened(dock) as instances:
        with instances.own(OTHER) as own:
            assert instances.get(OTHER) is not own
        assert closed(own)
        assert own in instances.every


def test_a_boot_that_is_under_way_is_waited_for_and_not_made_twice() -> None:
    go_on = Event()

    class Slow(FakeDock):
        def boot(self, spec: BootSpec) -> FakeInstance:
            assert go_on.wait(10)
            return super().boot(spec)

    dock = Slow()
    with opened(dock) as instances:
        threads = [Thread(target=instances.get, args=(AS_DEPLOYED,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        go_on.set()
        for thread in threads:
            thread.join()
    assert dock.booted == [AS_DEPLOYED]


def test_a_boot_that_waits_for_its_turn_is_given_up_on_leaving() -> None:
    begun, go_on = Event(), Event()

    class Slow(FakeDock):
        def boot(self, spec: BootSpec) -> FakeInstance:
            begun.set()
            assert go_on.wait(10)
            return super().boot(spec)

    dock = Slow()
    met: list[bool] = []

    def late() -> None:
        with pytest.raises(Superseded):
            instances.get(OTHER)
        met.append(True)

    instances = opened(dock)
    first = Thread(target=instances.get, args=(AS_DEPLOYED,))
    second = Thread(target=late)  # the first boot goes alone
    leaving = Thread(target=instances.__exit__, args=(None, None, None))
    first.start()
    assert begun.wait(10)
    second.start()
    leaving.start()
    second.join(10)
    go_on.set()
    first.join(10)
    leaving.join(10)
    assert met == [True]
    assert dock.booted == [AS_DEPLOYED]


def test_what_a_dock_raises_is_raised_for_each_who_asks() -> None:
    class Broken(FakeDock):
        def boot(self, spec: BootSpec) -> FakeInstance:
            raise OSError("no space left on device")

    with opened(Broken()) as instances:
        for _ in range(2):
            with pytest.raises(OSError, match="no space left"):
                instances.get(AS_DEPLOYED)


def test_on_shared_ports_a_boot_closes_what_runs() -> None:
    dock = FakeDock(shares_ports=True)
    with opened(dock) as instances:
        first = instances.get(AS_DEPLOYED)
        instances.get(ELSEWHERE)
        assert closed(first)
        assert instances.get(AS_DEPLOYED).alive()
    assert dock.booted == [AS_DEPLOYED, ELSEWHERE, AS_DEPLOYED]


def test_on_shared_ports_what_exited_is_kept() -> None:
    dock = FakeDock(shares_ports=True, otherwise=FakeInstance(boot=exited(78)))
    with opened(dock) as instances:
        for spec in (AS_DEPLOYED, OTHER, AS_DEPLOYED):
            instances.get(spec)
    assert dock.booted == [AS_DEPLOYED, OTHER]
